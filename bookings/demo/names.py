"""Names of demo people, in groups as one meets them in New York."""

from __future__ import annotations

from typing import NamedTuple

# Reserved by RFC 2606: no mail ever leaves for it. It is also how demo people are known.
MAIL_DOMAIN = "demo.example"


class Group(NamedTuple):
    weight: int
    languages: tuple[str, ...]
    first: tuple[str, ...]
    last: tuple[str, ...]


def _group(weight: int, languages: str, first: str, last: str) -> Group:
    return Group(weight, tuple(languages.split()), tuple(first.split()), tuple(last.split()))


GROUPS = (
    _group(
        24, "",
        "Emma Hannah Claire Julia Abigail Megan Laura Nora Audrey Grace Daniel Peter Andrew Thomas Henry Simon "
        "Colin Theodore Walter Owen",
        "Miller Anderson Bennett Clarke Foster Hayes Hughes Kelley Lawson Murphy O'Brien Parker Reed Sullivan "
        "Turner Walsh Whitaker Wright",
    ),
    _group(
        16, "Spanish",
        "Sofia Camila Valeria Lucia Marisol Daniela Gabriela Ximena Carolina Elena Mateo Diego Javier Andres "
        "Rafael Luis Hector Joaquin",
        "Alvarez Castillo Cruz Delgado Espinoza Figueroa Garcia Guzman Hernandez Marte Mendoza Ortiz Peralta "
        "Ramirez Reyes Santiago Torres Vargas",
    ),
    _group(
        15, "",
        "Aaliyah Imani Jasmine Monique Nia Simone Tamara Zora Denise Maya Marcus Terrence Andre Isaiah Malik "
        "Darnell Julian Jerome",
        "Alexander Banks Baptiste Brooks Coleman Daniels Ellis Freeman Gaines Harris Jefferson Lewis Mitchell "
        "Robinson Simmons Thompson Washington Williams",
    ),
    _group(
        10, "Mandarin",
        "Mei Lian Jia Xiu Vivian Grace Iris Ling Wen Amy Kevin Jun Wei Hao Jason Ming Bo Raymond",
        "Chan Chen Cheng Huang Li Lin Liu Ma Ng Tang Wang Wong Wu Xu Yang Zhang Zhao Zhou",
    ),
    _group(
        8, "Hindi",
        "Priya Anjali Neha Kavya Meera Divya Nisha Radhika Asha Leela Arjun Rohan Vikram Sanjay Nikhil Amit "
        "Karan Dev",
        "Banerjee Chaudhary Desai Gupta Iyer Joshi Kapoor Mehta Nair Patel Rao Reddy Shah Sharma Singh "
        "Subramanian Verma",
    ),
    _group(
        6, "Russian",
        "Anya Irina Katya Natalia Olga Svetlana Tatiana Vera Alina Marina Alexei Boris Dmitri Ilya Mikhail "
        "Nikolai Sergei Yuri",
        "Abramov Belsky Fedorov Gorelik Ivanov Kagan Kozlov Lebedev Levin Morozov Novak Orlov Petrov Reznik "
        "Sokolov Volkov",
    ),
    _group(
        6, "Hebrew",
        "Miriam Leah Naomi Rachel Shira Talia Esther Dalia Ruth Ari Benjamin Eitan Jonah Noah Saul Asher Ezra "
        "Levi",
        "Adler Bernstein Cohen Friedman Goldberg Greenfield Kaplan Katz Klein Levy Mizrahi Rosen Shapiro Stein "
        "Weiss Zucker",
    ),
    _group(
        5, "Korean",
        "Jiwoo Minji Soyeon Hana Eunji Yuna Sora Jisoo Minjun Seojun Jiho Taeyang Hyun Daniel Eric Joon",
        "Ahn Bae Cho Choi Han Hwang Jung Kang Kim Kwon Lee Lim Oh Park Shin Yoon",
    ),
    _group(
        4, "Italian",
        "Bianca Chiara Francesca Giulia Lucia Paola Serena Silvia Antonio Carlo Dario Enzo Luca Marco Nico "
        "Vincent",
        "Bianchi Caruso Conti DeLuca Esposito Ferrara Gallo Lombardi Marino Moretti Ricci Romano Russo Santoro",
    ),
    _group(
        4, "Arabic",
        "Amira Dina Farah Hala Layla Noor Rania Salma Yasmin Zeina Adam Bilal Faris Karim Omar Sami Tariq Youssef",
        "Abbas Aziz Darwish Farouk Haddad Hassan Ibrahim Khalil Khoury Mansour Nasser Rahman Saleh Tawil Zaman",
    ),
    _group(
        3, "French",
        "Adele Camille Fabienne Margaux Nadege Odette Sylvie Yvette Bastien Emile Fabrice Guillaume Jean-Luc "
        "Mathieu Pascal Remy",
        "Beaumont Charles Desrosiers Dubois Etienne Fontaine Jean-Baptiste Laurent Lefevre Michel Moreau "
        "Pierre Toussaint",
    ),
    _group(
        3, "Japanese",
        "Aiko Emi Haruka Keiko Mari Naoko Rei Yumi Akira Daichi Haruto Kenji Kenta Ryo Takeshi Yuto",
        "Fujita Hayashi Inoue Ishikawa Kimura Mori Nakamura Ogawa Sakai Sato Suzuki Takahashi Tanaka Watanabe",
    ),
    _group(
        3, "Portuguese",
        "Beatriz Fernanda Isabela Larissa Leticia Mariana Renata Thais Bruno Caio Felipe Gustavo Leandro Thiago",
        "Almeida Barbosa Cardoso Carvalho Costa Ferreira Gomes Lima Mendes Nunes Oliveira Pereira Rocha Souza",
    ),
    _group(
        3, "",
        "Adaeze Amara Chioma Efua Folake Kemi Ngozi Yetunde Chidi Emeka Kofi Kwame Obinna Segun Tunde Uche",
        "Achebe Adeyemi Afolabi Asante Boateng Danso Eze Mensah Nwosu Okafor Okonkwo Owusu Quaye Sesay",
    ),
    _group(
        2, "German",
        "Anke Greta Heidi Johanna Katrin Lena Sabine Ulrike Florian Jonas Lukas Matthias Stefan Tobias",
        "Bauer Becker Brandt Fischer Hartmann Keller Krause Lang Richter Schneider Vogel Wagner Weber",
    ),
)  # fmt: skip

CITY_STREETS = (
    "Amsterdam Avenue", "Bedford Avenue", "Bergen Street", "Broadway", "Carlton Avenue", "Clinton Street",
    "Convent Avenue", "Court Street", "Dean Street", "Eastern Parkway", "Fort Greene Place", "Garfield Place",
    "Grand Avenue", "Greene Avenue", "Grove Street", "Havemeyer Street", "Hicks Street", "Jackson Avenue",
    "Lafayette Avenue", "Lexington Avenue", "Lincoln Place", "Lorimer Street", "Ludlow Street", "Manhattan Avenue",
    "Metropolitan Avenue", "Monroe Street", "Nassau Avenue", "Nostrand Avenue", "Orchard Street", "President Street",
    "Prospect Place", "Riverside Drive", "Skillman Avenue", "Smith Street", "St Marks Avenue", "Sterling Place",
    "Steinway Street", "Sullivan Street", "Union Street", "Vanderbilt Avenue", "Vernon Boulevard", "West End Avenue",
)  # fmt: skip
