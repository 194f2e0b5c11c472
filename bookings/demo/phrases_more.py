"""The rest of the phrases: what is learned at a desk, and hobbies. Same parts as in ``phrases.py``."""

from __future__ import annotations

from bookings.demo.phrases import ARTS, DANCE, MUSIC, SPORTS, Voice

TUTORING = Voice(
    leads=(
        "{S} that finally makes sense", "{S} for students who have given up on it", "Clear, calm {s} tutoring",
        "{S} with a classroom teacher", "{S} from shaky to solid", "{S} explained three different ways",
        "Targeted help with {s}", "{S} for ambitious students", "Friendly {s} tutor",
        "{S} with structure", "{S}, from homework to finals", "Experienced {s} tutor",
    ),
    tails=(
        "understand it, then practise it", "gaps found and filled", "no trick questions, no rush",
        "a plan for every week", "confidence included", "better grades, fewer tears",
        "weekly notes you can keep", "think it through aloud", "the why before the how",
        "steady gains you can see",
    ),
    background=(
        "I taught {s} in a New York public school for six years before I moved to one-to-one work.",
        "I am finishing a doctorate and have tutored {s} every week since my first year of college.",
        "I worked as an engineer for a while, so {s} is a tool I have actually had to rely on.",
        "I found {s} hard myself at fifteen, and a patient tutor changed that within a term.",
        "I have tutored {s} for nine years, from nervous sixth-graders to adults going back to school.",
        "I trained as a teacher in Boston and moved here for the students, who ask better questions.",
        "I write practice material for a textbook publisher and try it all out in lessons first.",
        "Half of my students come for {s} because an older brother or sister did.",
    ),
    approach=(
        "I begin by finding the one earlier idea that is missing; there nearly always is one.",
        "You explain each step to me, and where the explanation wobbles we stop and build.",
        "We do a few problems slowly, then several quickly, then one that looks nothing like them.",
        "I keep a page of notes for each student, so that we never lose the thread between lessons.",
        "Mistakes are data: we sort them by kind and work on the most expensive kind first.",
        "I use drawings, objects and bad jokes until something clicks.",
        "For exams we practise under the real clock, but only once the material is solid.",
        "I teach how to study as much as what to study; it pays off in every other subject.",
    ),
    lesson=(
        "Send me a recent test or assignment before we meet, and we start where it hurts.",
        "Parents get a three-line summary after each session, if the student agrees.",
        "An hour a week is plenty for most; before finals we add a second one.",
        "I know the Regents and AP formats well.",
        "Online I write on a shared board, and you keep every page.",
        "Adults returning to school are very welcome.",
    ),
    closing=(
        "No question is too small, and most of the small ones turn out to be the big ones.",
        "The aim is that you will not need me any more.",
        "Let us turn the subject you dread into one you can do.",
        "I am punctual, prepared and hard to shock.",
        "Try one session; you will know after twenty minutes.",
    ),
    offering=(
        "Weekly support with homework, tests and the gaps behind them.",
        "Exam preparation with timed practice and an error log.",
        "From fundamentals up, at a pace that leaves nothing behind.",
        "Deeper work for students who are ahead and bored.",
    ),
)  # fmt: skip

LANGUAGES = Voice(
    leads=(
        "{S} for conversation", "{S} from the very first sentence", "{S} with a trained teacher",
        "Practical {s} for work and travel", "{S} for shy speakers", "{S} for families and relatives",
        "{S} grammar without headaches", "Everyday {s}", "{S} for exams and visas",
        "{S} for busy adults", "Lively {s} lessons",
    ),
    tails=(
        "speak from day one", "stories, songs and real life", "mistakes welcome",
        "pronunciation that people understand", "ten new phrases you will use tomorrow",
        "homework you may enjoy", "grammar when you need it", "from survival to fluency",
        "your interests are the textbook", "talk more, translate less",
    ),
    background=(
        "I grew up speaking two languages at one table and have taught {s} for ten years.",
        "I trained as a language teacher abroad and moved to New York in 2014.",
        "I interpret in courts and hospitals, and teach {s} to people who need it soon.",
        "I learned three languages as an adult, so I know {s} from both sides of the desk.",
        "I have taught {s} at a city college and in many kitchens.",
        "My students are nurses, grandparents, actors and a good number of people in love.",
        "I used to edit a newspaper; now I spend my days helping people say what they mean.",
        "I prepare students for official {s} exams and for dinner with the in-laws.",
    ),
    approach=(
        "We speak for at least two thirds of the lesson, even in the first one.",
        "I correct what gets in the way of being understood and let the rest go for now.",
        "Each lesson is built on something real: a menu, a voice message, a scene from a series.",
        "I teach phrases rather than words, because phrases are what people say.",
        "Sounds come early; ten good minutes on pronunciation save months later.",
        "You get a list after each lesson with your own sentences, put right.",
        "Grammar arrives exactly when you first need it and not a day sooner.",
        "We return to old material on a schedule, so that you keep what you learn.",
    ),
    lesson=(
        "Tell me why you are learning, and the first lesson will already be about that.",
        "Complete beginners need nothing but an hour; I bring the rest.",
        "For exams we take a practice paper first and plan from the result.",
        "Children learn through games here, and do not notice the subjunctive.",
        "Forty-five minutes twice a week works better than two hours once.",
        "If you already speak a little, expect me to stay in the language.",
    ),
    closing=(
        "You will say something true about yourself within the first ten minutes.",
        "Courage is most of it; the rest we practise.",
        "Write to me in any language we share.",
        "See you soon, hasta pronto, à bientôt.",
        "Bring curiosity, and perhaps tea.",
    ),
    offering=(
        "Conversation with gentle correction and a list to keep.",
        "A structured course for beginners, from sounds to short stories.",
        "Exam preparation: reading, listening, writing and speaking.",
        "Language for work: calls, letters and meetings.",
    ),
)  # fmt: skip

HOBBIES = Voice(
    leads=(
        "{S} for absolute beginners", "{S} with plenty of practice", "Private {s} sessions",
        "{S} made simple", "{S} with someone who does it daily", "{S} that lasts beyond the lesson",
        "Down-to-earth {s}", "{S}, step by step", "Practical {s} help", "{S} for busy New Yorkers",
        "{S} for the hesitant", "Personal, encouraging {s}",
    ),
    tails=(
        "results after the first hour", "no experience needed", "clear goals, kind feedback",
        "skills for everyday life", "learn it once, use it for years", "small wins first",
        "honest, warm and well prepared", "tailored to you", "theory in plain words",
        "come with questions, leave with a plan",
    ),
    background=(
        "I turned a hobby into a profession twelve years ago, and teaching {s} is the best part of it.",
        "I have worked in {s} all over the city, for private clients and for a few large companies.",
        "A mentor spent one afternoon a week with me when I started; I try to return the favour.",
        "I teach {s} in evening classes and keep my mornings for one-to-one work.",
        "I first learned {s} from books and got most of it wrong, which makes me a careful teacher.",
        "Before this I was a nurse, so I am patient and not easily rattled.",
        "Over the years I have introduced several hundred people to {s}.",
        "I hold two certificates in my field, but people come back because of the practice plan.",
    ),
    approach=(
        "We begin with what you want to be able to do and work backwards from there.",
        "You do the work with your own hands while I stand beside you and talk you through it.",
        "I explain the principle, show it once and then let you find your own version.",
        "Every session ends with one thing to try before the next.",
        "I prefer three basics done well to thirty things done once.",
        "We go at your speed; I only insist on the parts that keep things safe.",
        "I give feedback as we go, in plain words, and I write the important part down.",
        "Part of each session is practice under realistic conditions, a little harder each time.",
    ),
    lesson=(
        "One session is enough to see whether it is for you; four make a real difference.",
        "You will get a short list of what to have ready beforehand.",
        "I adapt to small kitchens, small budgets and small amounts of time.",
        "Pairs are welcome, and so are last-minute occasions.",
        "If there is a date you are preparing for, tell me when you book.",
        "No special equipment is needed to begin.",
    ),
    closing=(
        "You may be better at this than you think.",
        "I am easy to reach between sessions if you get stuck.",
        "Let us get you started.",
        "Curiosity is the only requirement.",
        "Happy to talk through your idea first.",
    ),
    offering=(
        "A first session to find out where you stand, then a plan.",
        "Hands-on practice with feedback as we go.",
        "Focused preparation for one event or goal.",
        "For those who know the basics and want to go further.",
    ),
)  # fmt: skip

VOICES = {
    "music": MUSIC,
    "dance": DANCE,
    "arts": ARTS,
    "sports": SPORTS,
    "tutoring": TUTORING,
    "languages": LANGUAGES,
    "hobbies": HOBBIES,
}
