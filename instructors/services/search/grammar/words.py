"""Every word the grammar knows: what a misspelt word may have meant, beside names and filler."""

from __future__ import annotations

from instructors.services.search.grammar import (
    clocks,
    days,
    lengths,
    levels,
    numbers,
    orders,
    people,
    prices,
    times,
    wanted,
    ways,
    words_of,
)

GRAMMAR = (
    clocks.WORDS | days.WORDS | lengths.WORDS | levels.WORDS | numbers.WORDS | orders.WORDS | people.WORDS
    | prices.WORDS | times.WORDS | ways.WORDS
)  # fmt: skip
# Known as well, yet too rare for a misspelt word to mean them: "onlin" is not "offline".
RARE = wanted.WORDS | words_of(
    """tues weds thur thurs sept june july tmrw tomoz tonite thru upto following upcoming workday workdays
    business anyday onward thereafter thereabouts noon noontime past plus approx euro euros quid tops
    capped exceeding mile miles kilometer kilometers radius away bank shoestring economical effective
    fair flat teen tween tweens teenaged preteen preteens adolescent adolescents youth youths baby
    babies infant infants boy boys girl girls son sons wife husband boyfriend girlfriend fiance
    fiancee mother father grandma grandpa grandmother grandfather grandparents grandson granddaughter
    grandchild grandchildren grandkid grandkids nephews nieces retiree retirees pensioner pensioners
    elderly citizen citizens graduate graduates freshman sophomore junior schooler schoolers
    highschool highschooler highschoolers preschooler preschoolers grownup grownups kindergartner
    kindergartners kindergartener primary medium noob noobs rookie rookies zero previous knowledge
    background introduction touched danced spoken sung swum held olds offline onsite physical
    physically real line link chat call calls google microsoft teams conferencing door doorstep
    residence vicinity hood walkable shortest quickest straight delay face visit visits service travel
    traveling travelling drive drives pricey costly highly recommended ranked low well bargain deals
    zoom site rest pops fit citizen"""
)
