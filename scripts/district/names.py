"""The names and subjects of an invented district."""

import unicodedata
from collections.abc import Sequence
from typing import NamedTuple


def listed(names: str) -> list[str]:
    return [name.strip() for name in names.split(",")]


FEMALE = listed("""
    Amélie, Aïcha, Agnieszka, Ana, Ayşe, Beatriz, Bronwyn, Camila, Chiara, Chloë, D'Asia, Dagný, Elif,
    Emma, Esi, Fatima, Freya, Grace, Hana, Hélène, Inés, Ingrid, Ji-woo, Josefína, Kateřina, Keiko,
    Lan-Anh, Leilani, Linnéa, Lucía, Małgorzata, Maëlle, Mei-Ling, Mia, Ngozi, Nour, Olivia, Orsolya,
    Priya, Quynh, Renée, Rosa, Saoirse, Sigrún, Sofía, Søs, Tereza, Thandiwe, Xiomara, Yasmin, Zoë
""")
MALE = listed("""
    Aarav, Abdul-Rahman, Ahmet, André, Bálint, Bjørn, Carlos, Cheng, Cillian, D'Angelo, Đorđe, Diego,
    Dmitri, Elijah, Emre, Étienne, Farid, Gabriel, Giánnis, Hiroshi, Håkon, Ibrahim, István, Jack,
    Jean-Luc, Jiří, João, José, Kaito, Kofi, Kwame, Liam, Łukasz, Mateo, Minh, Mohamed, Noah, O'Shea,
    Óscar, Owen, Paweł, Rafael, Raúl, Rohan, Samuel, Seán, Sione, Søren, Tadhg, Théo, Tomáš, Viktor
""")
FAMILIES = listed("""
    Achebe, Adeyemi, Al-Sayed, Andersson, Azcárate, Baptiste, Begay, Bąk, Bérubé, Carter, Castañeda, Chen,
    Çelik, Cohen, D'Amico, Da Silva, De la Cruz, Diallo, Đặng, Dvořák, Edwards, Faleolo, Fitzgerald,
    Fraser, García Márquez, Gonçalves, Gunnarsdóttir, Haddad, Hansen, Hernández, Huang, Ito, Jackson,
    Jörgensen, Kealoha, Kim, Kołodziej, Kovács, Lefèvre, Lindqvist, Lopez, Martínez-Ruiz, McAllister,
    Mensah, Mitchell, Müller, Nakamura, Ní Bhriain, Novák, Núñez, Nwosu, O'Brien, O'Neill, Okafor,
    Owusu-Ansah, Papadópoulos, Park, Patel, Petrović, Quispe, Quiñones, Rahman, Reyes, Rossi,
    Saint-Pierre, Sánchez, Šimunović, Singh, Smith-Jones, Sørensen, Szabó, Tanaka, Thompson, Torres, Tran,
    Tsosie, Türkoğlu, Van der Berg, Walker, Washington, Williams, Wójcik, Xiong, Yamamoto
""")
FAMILIES += ["Núñez, Jr.", "Walker, III", 'Bell "Red Sky"']
PREFERRED = ("Alex", "Bo", "明", "Мария", "Ελένη", "Teo", "Sam", "ليلى")
PLACES = listed("""
    Alder, Amber, Ashgrove, Birchwood, Bluff, Cedar, Clearwater, Copper, Dunmore, Eagle, Fairhaven,
    Granite, Hawthorn, Heron, Juniper, Larkspur, Linden, Maple, Mesa, Piñon, Quarry, Saguaro, Sandstone
""")
FEATURES = listed("Bend, Bridge, Cañon, Creek, Crossing, Falls, Heights, Hill, Park, Point, Ridge, River")
UNDECOMPOSED = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ß": "ss", "æ": "ae"})


class Subject(NamedTuple):
    """A seventh of a student's day; `titles` has one course for all grades of a level, or one for each."""

    titles: tuple[str, ...]
    names: str
    codes: str  # the subject areas of SCED, as many as names
    short: str


# Their order carries the timetable: `post` says why.
CURRICULUM = {
    "E": (
        Subject(("Homeroom {}",), "Homeroom", "22", "HR"),
        Subject(("Mathematics {}",), "Mathematics", "02", "MAT"),
        Subject(("Reading and Writing {}",), "Reading,Writing", "01,01", "ELA"),
        Subject(("Science {}",), "Science", "03", "SCI"),
        Subject(("Our World {}",), "History,Geography", "04,04", "SOC"),
        Subject(("Art and Music {}",), "Art,Music", "05,05", "ART"),
        Subject(("Physical Education {}",), "Physical Education", "08", "PED"),
    ),
    "M": (
        Subject(("Advisory {}",), "Homeroom", "22", "HR"),
        Subject(("Mathematics {}", "Pre-Algebra", "Algebra, First Steps"), "Mathematics", "02", "MAT"),
        Subject(("English {}",), "English", "01", "ENG"),
        Subject(("Band and Chorus {}",), "Music", "05", "MUS"),
        Subject(("Earth Science", "Life Science", "Physical Science"), "Science", "03", "SCI"),
        Subject(("World Cultures", "State and Nation", "Civics"), "History,Civics", "04,04", "SOC"),
        Subject(("Physical Education {}",), "Physical Education", "08", "PED"),
    ),
    "H": (
        Subject(("Advisory {}",), "Homeroom", "22", "HR"),
        Subject(("Algebra I", "Geometry", "Algebra II", "Precalculus"), "Mathematics", "02", "MAT"),
        Subject(("English {}",), "English", "01", "ENG"),
        Subject(("Biology", "Chemistry", "Physics", "Environmental Science"), "Science", "03", "SCI"),
        Subject(("World History", "Economics", "US History", "Government"), "History", "04", "HIS"),
        Subject(("Spanish I", "Spanish II", "Spanish III", "Spanish IV"), "Spanish", "06", "SPA"),
        Subject(("Design and Engineering",), "Design,Engineering", "05,21", "DES"),
    ),
}


def in_ascii(name: str) -> str:
    """The name as a part of a username, `nunezjr` for "Núñez, Jr."."""
    plain = unicodedata.normalize("NFKD", name.lower().translate(UNDECOMPOSED))
    return "".join(letter for letter in plain if letter.isascii() and letter.isalnum())


SPELLINGS = {name: in_ascii(name) for name in [*FEMALE, *MALE, *FAMILIES]}


def pick(choices: Sequence[str], bits: int) -> str:
    return choices[bits % len(choices)]
