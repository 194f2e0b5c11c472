"""What demo instructors say of themselves, by category, in parts that fit together.

A headline is a lead, a colon and a tail; a bio is one sentence from each list of its category in the
order of ``Voice``. ``{s}`` is the subject inside a sentence ("piano", "SAT prep"), ``{S}`` at its start.
"""

from __future__ import annotations

from typing import NamedTuple


class Voice(NamedTuple):
    leads: tuple[str, ...]
    tails: tuple[str, ...]
    background: tuple[str, ...]
    approach: tuple[str, ...]
    lesson: tuple[str, ...]
    closing: tuple[str, ...]
    offering: tuple[str, ...]


MUSIC = Voice(
    leads=(
        "{S} for complete beginners", "{S} for adults coming back to it", "{S} from the ground up",
        "Relaxed {s} lessons", "Serious {s}, kindly taught", "{S} for stage and living room",
        "{S} for late starters", "{S} that fits a full week", "One-to-one {s}", "{S} with a working musician",
        "Conservatory-trained {s} teacher", "{S}, one good habit at a time", "Patient, thorough {s} lessons",
    ),
    tails=(
        "real pieces from the first month", "sound technique without the dread", "listen first, then play",
        "small steps and honest feedback", "the music you actually like", "practice plans you can keep",
        "from first notes to auditions", "twenty minutes a day is enough", "for a recital or just for you",
        "ear, rhythm and repertoire", "every genre welcome",
    ),
    background=(
        "I studied at a conservatory here in the city and have taught {s} alongside performing ever since.",
        "I came to {s} late, at nineteen, so I know exactly which parts feel impossible at first.",
        "By night I play in a small ensemble; by day I teach {s} to people from six to seventy-six.",
        "My first teacher let me choose every second piece, and I have taught {s} that way for eleven years.",
        "After a decade of touring I wanted to stay in one place and pass on what I learned about {s}.",
        "I hold a master's in music education and spent four years in public school music rooms.",
        "I grew up in a family where everybody played something, and {s} was mine.",
        "I have prepared students for school ensembles, arts high schools and college auditions in {s}.",
        "I write and record my own music, and {s} is where every one of those songs begins.",
        "Before I taught privately I ran the {s} programme of a neighbourhood music school.",
    ),
    approach=(
        "We work on sound before speed: a slow phrase that sings is worth more than a fast one that stumbles.",
        "I teach reading and playing by ear side by side, because each makes the other easier.",
        "You bring one piece you love, I bring one that teaches you something, and we work on both.",
        "I record a two-minute summary after each lesson so that practice at home starts in the right place.",
        "Theory comes in when a piece needs it, never as a chapter for its own sake.",
        "I listen for what already works, then we fix one thing at a time.",
        "Rhythm is where most people get stuck, so we clap, count and move a lot in the first weeks.",
        "I plan in blocks of six lessons with something to show at the end of each.",
        "I never assign more than you can practise: we plan the week together and keep it small.",
        "Good posture and easy breathing come first; nearly everything else follows from them.",
    ),
    lesson=(
        "A first lesson is half playing, half talking about what you would like to be able to do by spring.",
        "Beginners leave the first hour with something they can already play through.",
        "If you have an audition date, tell me at once and we count back from there.",
        "You need no experience, only something to practise on and a quiet quarter of an hour.",
        "Twice a year my students play for each other, and nobody has to.",
        "Children do best with a parent in earshot for the first few weeks.",
        "I am happy to work from your own scores, chord sheets or recordings.",
        "For returning players we begin with whatever your hands still remember.",
    ),
    closing=(
        "Come with questions; I keep the last five minutes free for them.",
        "If we are not a good fit I will gladly suggest a colleague.",
        "I answer messages the same day, usually between rehearsals.",
        "Nothing makes me happier than hearing that somebody practised because they wanted to.",
        "Start with one lesson and see how it feels.",
        "I look forward to hearing you.",
    ),
    offering=(
        "Technique, reading and one piece you choose yourself.",
        "Suits first-timers; we find the right instrument and setup together.",
        "Repertoire and interpretation, with audition preparation on request.",
        "Ear training and improvisation beside your regular pieces.",
        "A practice plan after every lesson, kept short on purpose.",
    ),
)  # fmt: skip

DANCE = Voice(
    leads=(
        "{S} for people who think they cannot dance", "{S} from the first step", "Private {s} coaching",
        "{S} for beginners and returners", "Musical, precise {s}", "{S} for weddings and weeknights",
        "{S} with a former company dancer", "Warm, exacting {s} lessons", "{S} for strong technique",
        "{S} at your own tempo", "Confident {s}, quickly", "{S} for one or two",
    ),
    tails=(
        "technique that lasts", "music first, mirror second", "clear counts and no judgement",
        "ready for the floor in six weeks", "alignment, rhythm, joy", "from basics to performance",
        "safe for knees and backs", "one phrase at a time", "the details classes skip",
        "move well, then move more",
    ),
    background=(
        "I danced with two companies in the city before I began to teach {s} full time.",
        "I fell in love with {s} at a block party in Queens and never really left the floor.",
        "I trained in Chicago and New York and have choreographed for schools, films and far too many weddings.",
        "For nine years I have taught {s} to absolute beginners, which is the part of the job I like most.",
        "I judge regional competitions in the spring and teach {s} the rest of the year.",
        "An injury taught me more about {s} than any class did, and I teach with that in mind.",
        "I hold a BFA in dance and a certificate in injury prevention for dancers.",
        "My grandmother taught me my first steps; {s} in a studio came fifteen years later.",
    ),
    approach=(
        "We warm up properly, learn one short phrase and repeat it until your body stops asking questions.",
        "I explain where the movement starts, because copying a shape from outside rarely works.",
        "You will hear the counts first, then the music, then only the music.",
        "I use video sparingly: ten seconds, one correction, again.",
        "We always finish with dancing, not with drills.",
        "I correct with words and images, and ask before any hands-on help.",
        "Musicality is not a talent; we practise it from the first lesson.",
        "Technique is taught through combinations you will want to repeat at home.",
    ),
    lesson=(
        "Wear anything you can move in; shoes matter only from the third lesson on.",
        "Couples are welcome at the same price.",
        "For a first dance, four to six lessons are comfortable and three are possible.",
        "Auditions: send me the requirements and we build the solo around them.",
        "You do not need a partner, and you do not need to be fit yet.",
        "A two-by-two-metre space is enough when we work on fundamentals.",
    ),
    closing=(
        "You will be surprised how soon it feels natural.",
        "Come as you are; we will find your way of moving.",
        "Bring water and a song you like.",
        "I promise plenty of repetition and no shouting.",
        "See you on the floor.",
    ),
    offering=(
        "Fundamentals, musicality and one short combination a lesson.",
        "Technique class for one: alignment, strength, detail.",
        "Choreography for an event, with a recording to practise from.",
        "Audition preparation, from choosing the music to the bow.",
    ),
)  # fmt: skip

ARTS = Voice(
    leads=(
        "{S} for curious beginners", "{S} in small, clear steps", "{S} with a practising artist",
        "{S} for portfolios and for pleasure", "Learn {s} by doing", "Unhurried {s} lessons",
        "{S} for people with full calendars", "{S} from first attempt to finished work",
        "Thoughtful {s} teaching", "{S}, craft first", "{S} one-to-one",
    ),
    tails=(
        "look longer, then begin", "materials explained", "finish what you start",
        "honest critique, kindly put", "skills before style", "something to take home each time",
        "your ideas, better made", "portfolio help included", "mistakes are the method",
        "good habits from day one",
    ),
    background=(
        "I keep a studio in the city and have taught {s} for eight years beside my own work.",
        "I studied at an art school, left with more questions than answers, and teaching {s} answered most.",
        "My work has hung in small galleries from Red Hook to Harlem; {s} is still the centre of my week.",
        "I spent six years in a commercial studio before I turned to teaching {s}.",
        "I have helped some forty students put together portfolios for art programmes.",
        "I teach {s} at a community arts centre and keep a few hours for private students.",
        "I am largely self-taught, so I know the shortcuts and also which of them lead nowhere.",
        "I came to {s} through theatre, where everything has to be ready by Friday.",
    ),
    approach=(
        "Most of {s} is attention, and attention can be practised in fifteen minutes a day.",
        "We set one limit for each session, a single tool or a single idea, and see how far it goes.",
        "I demonstrate, you try, we compare; nobody learns this from a lecture.",
        "Critique is part of every lesson, and it always begins with what works.",
        "I keep exercises short so that most of our time goes into your own project.",
        "Together we study how one good example was made, then borrow what we need.",
        "The first ten attempts are meant to be bad, which takes the pressure off nicely.",
        "I write down three next steps at the end, so that you can continue alone.",
    ),
    lesson=(
        "I bring what you need for the first lesson and tell you what is worth buying after it.",
        "A session of ninety minutes suits most projects, sixty are fine for fundamentals.",
        "For applications, we begin with the deadline and a list of what you already have.",
        "All levels are welcome, including the level called none.",
        "You decide on the project; I make sure it is one you can finish.",
        "Bring anything you have already made, however old.",
    ),
    closing=(
        "The best moment is when you stop asking whether it is right.",
        "Come and get your hands dirty.",
        "I am glad to look at your work before we start, just send a message.",
        "Every finished piece makes the next one easier.",
        "Let us make something.",
    ),
    offering=(
        "Fundamentals through short exercises and one project of yours.",
        "Portfolio sessions with written feedback.",
        "An unhurried introduction: tools, materials, first piece.",
        "For those who know the basics and want to finish larger work.",
    ),
)  # fmt: skip

SPORTS = Voice(
    leads=(
        "{S} for beginners, properly explained", "{S} coaching that sticks", "{S} for bodies with desk jobs",
        "Private {s} with a certified coach", "{S} for strength and calm", "Technical {s} coaching",
        "{S} before or after work", "{S} for returning athletes", "Steady progress in {s}",
        "{S} for juniors and grown-ups", "{S} without the intimidation", "Goal-driven {s} sessions",
    ),
    tails=(
        "form first, then speed", "measured week by week", "safe progressions, no heroics",
        "an hour you will look forward to", "drills with a reason", "from first session to race day",
        "clear cues and good company", "built around your joints and your job", "technique you can repeat",
        "small gains every week",
    ),
    background=(
        "I competed in {s} through college and have coached it for seven years since.",
        "I am a certified coach with extra training in mobility and return from injury.",
        "I started {s} at thirty to get away from a desk, so I know that road well.",
        "I have coached school teams, office groups and one very determined retired judge.",
        "Physiotherapists send me people who want to get back to {s} after an injury.",
        "I hold a degree in exercise science and still compete a few times a year.",
        "I have taught {s} in parks, gyms and living rooms in all five boroughs.",
        "Coaching juniors taught me to be clear; coaching adults taught me to be patient.",
    ),
    approach=(
        "We film a few repetitions, choose one thing to change and leave the rest alone.",
        "Every session has a warm-up with a purpose, one skill and a finish you will feel.",
        "I progress the load only when the movement is clean three times in a row.",
        "Technique comes first because it is what lets you keep going for years.",
        "You get a short plan for the days between sessions, never longer than half an hour.",
        "I ask a lot of questions at the start and adjust on the day to how you slept.",
        "We measure something every month, so that progress is not a matter of opinion.",
        "Breathing, footwork, then everything else.",
    ),
    lesson=(
        "The first session is an assessment and a talk about what you want by summer.",
        "I bring equipment for in-person sessions; online all you need is a mat and some floor.",
        "Early mornings are my best hours, and yours too once you have tried.",
        "Tell me about old injuries; most of them are no obstacle.",
        "Two friends may share a session at the price of one.",
        "For a race or tournament, give me eight weeks if you can.",
    ),
    closing=(
        "You set the goal and I will keep you honest about it.",
        "Consistency beats intensity, and it is friendlier.",
        "Expect to sweat a little and laugh now and then.",
        "Send me your goal and I will tell you frankly how long it takes.",
        "Looking forward to training with you.",
    ),
    offering=(
        "Assessment, technique work and a plan for the week.",
        "Beginner-friendly sessions with careful progressions.",
        "Skill work and conditioning for regular players.",
        "Preparation for a race, match or grading.",
    ),
)  # fmt: skip
