"""Words that say nothing about which lesson is wanted; whatever else remains was not understood."""

from __future__ import annotations

from instructors.services.search.grammar import words_of

FILLER = words_of(
    # Small words of English, apostrophes dropped.
    """a an the this that these those there here it its and or but nor so if as than then too also either
    both for in at on to of with by from about into onto over under up down out off through during
    within without near around between before after since until till per via not no yes yeah ok okay
    please pls plz thx thank thanks ty hi hey hello yo howdy dear greetings good morning day etc eg ie
    asap i im ive id ill me my mine myself we were us our ours you your youre yours u ur he shes hes
    she his her him they them their theyre who whos whom whose what whats which when where wheres why
    how hows am is are was be been being isnt arent do does did dont doesnt didnt doing done have has
    had having havent can could cant couldnt will would wont wouldnt shall should shouldnt may might
    must lets let just only really very quite rather maybe perhaps possibly probably actually
    basically literally currently still already again back ever never always often sometimes now later
    soon today some any all every each other another more most less least much many few several lot
    lots bit little same such own else anyone anybody someone somebody everyone everybody nobody
    something anything everything nothing somewhere anywhere anytime sometime whenever wherever
    whoever whatever whichever however"""
    # What people do in a search field.
    """ need needs needed want wants wanted wanna gonna gotta wish wishes hope hoping like likes liked love
    loves loving prefer preferred preferably preference prefers interested interest interests look
    looks looking lookin search searching seek seeking find finding found get gets getting got give
    gives giving take takes taking try trying tried start starts starting started begin begins book
    books booking booked schedule scheduling reserve hire hiring show tell ask help helps helping
    helped know think thinking recommend recommended recommendation recommendations suggest suggestion
    suggestions suggested consider considering use make makes making go going come comes coming work
    works working meet meets meeting join see pick choose offer offers offering offered provide
    provides providing teach teaches teaching taught learn learns learning learnt learned study
    studying studied practice practise practicing train improve improving improved become becoming
    master mastering brush sharpen refresh understand keep continue pursue enroll enrol sign signing
    wondering wonder curious willing able ready hopefully plan planning planned asking run say said
    talk live lives living stay spend pay paying"""
    # What is taught, by whom, and when, in general.
    """ lesson lessons class classes course courses session sessions tuition workshop workshops program
    programs programme appointment appointments slot slots time times timing hour hours hr hrs hourly
    minute minutes min mins day days date dates week weeks weekly month months monthly year years
    daily once twice morning afternoon evening night schedule calendar opening openings availability
    available free open teacher teachers instructor instructors coach coaches trainer trainers
    educator educators mentor mentors guru expert experts pro pros professional professionals
    professor professors specialist guide person people guy lady woman women man men folks student
    students learner learners player players pupil pupils group groups family families friend friends
    couple pair individual individuals private privately personal personally one two ones 1 on tutored
    subject subjects topic topics area areas place places location locations city town neighborhood
    neighbourhood side part district region zone spot street road avenue home house apartment school
    college university campus office center centre studio room state usa america american price prices
    priced pricing cost costs costing rate rates rated fee fees budget dollar dollars buck bucks usd
    money cash cheap charge charges charging affordable maximum max minimum limit range ranges total
    total skill skills level levels age ages aged old young younger older new newer next last first
    second third best top quality option options choice choices thing things stuff kind kinds type
    types sort sorts style way ways method reason project goal goals trip travel need"""
    # How a teacher, a lesson or a wish is described.
    """ great nice fun amazing awesome excellent cool perfect decent fantastic wonderful super solid right
    proper ideal suitable patient friendly kind experienced experience qualified certified licensed
    native fluent skilled trained talented reliable trustworthy reputable verified knowledgeable
    enthusiastic passionate energetic supportive encouraging gentle strict relaxed chill casual
    serious intensive intense regular flexible local male female quick fast easy simple short long
    small big full half extra additional different single one-on-one trial intro introductory sample
    refresher crash beginner complete total absolute basic basics general standard normal special
    advanced whole entire specific certain particular various exactly approximately roughly around ish
    preferably ideally definitely urgently regularly together alone welcome fine sure possible able
    important necessary required cheaply last minute minded oriented based friendly paced speed
    confident confidence fit fitter better well properly quickly fluently"""
    # A week's and a year's words that say no date by themselves, and signs of nothing.
    """ oclock am pm ish holiday holidays season summer winter spring fall autumn semester term exam exams
    test tests score scores grades grade birthday gift present surprise www com http https gt lt amp
    nbsp lol haha hmm um uh oh ah wow yay"""
)
# Of these, those that a misspelt word may mean.
SAID_OFTEN = words_of(
    "lesson lessons class classes course courses session sessions teacher teachers instructor"
    " instructors coach"
    " coaches trainer trainers tutors student students looking private please someone anyone somebody anybody"
    " learn learning teach teaching search searching would thanks group"
)
# Of these, those that are run together with the next word: "inbrooklyn", "nearme".
RUN_TOGETHER = words_of("in on at for me to my per an the and or near by with is from") | SAID_OFTEN
