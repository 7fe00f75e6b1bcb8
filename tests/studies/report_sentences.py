"""The sentences by which the report states the rows of the two releases, as patterns.

A row is found when its pattern matches what a section says. Numbers that the releases give stand
as they are; others are patterns, and each comes with its interval, number of answers or verdict.
"""

from __future__ import annotations

from dataclasses import dataclass

N = r"\d+ \(\d+–\d+\)"  # a value 0-100 with its interval
SHARE = r"\d+ % \(\d+–\d+\)"
SHARE_EN = r"\d+% \(\d+–\d+\)"
D = r"[+−]?\d+[,.]\d"
CI = rf"\({D} (?:till|to|…) {D}\)"
SURE = r"\(\+\d+[,.]\d (?:till|to|…) \+\d+[,.]\d\)"  # an interval above nothing
UNSURE = r"\(−\d+[,.]\d (?:till|to|…) \+\d+[,.]\d\)"


@dataclass(frozen=True)
class Row:
    """What a section says in each language."""

    section: str
    sv: str
    en: str
    fi: str = ""

    def patterns(self) -> dict[str, str]:
        return {code: getattr(self, code) for code in ("sv", "en", "fi") if getattr(self, code)}


BOARDS = {
    "L1": Row(
        "summary",
        "2012: den fjärde omgången, genomförd varje år sedan 2009",
        "2012: the fourth round, made every year since 2009",
    ),
    "L2": Row(
        "focus",
        "Samtliga 21 länsstyrelser deltar 2012. Kronoberg är en av nio som varit med i varje "
        "omgång sedan 2009",
        "All 21 county administrative boards take part in 2012. Kronoberg is one of nine that have "
        "taken part in every round since 2009",
    ),
    "L3": Row(
        "summary",
        "I fokus 2012, undersökt hos alla som deltog: Detaljplaner, Landsbygdsutveckling och "
        "företagsstöd, Naturskydd och Överklagande av lovärenden. Varje omgång är ett urval: sedan "
        r"2009 har \d+ undersökts, \d+ av dem nu",
        "In focus in 2012, surveyed at all who took part: Detailed development plans, Rural "
        "development and business support, Nature protection, and Appeals of building permits. "
        r"Each round is a selection: \d+ have been surveyed since 2009, \d+ of them now",
    ),
    "L4": Row(
        "focus",
        "Fyra av verksamheterna 2012 berör Kronoberg. Tre av dem har undersökts tidigare, så att "
        "resultaten kan följas över tid: Detaljplaner, Landsbygdsutveckling och företagsstöd och "
        "Överklagande av lovärenden",
        "Four of the activities of 2012 concern Kronoberg. Three of them were surveyed before, so "
        "their results can be followed over time: Detailed development plans, Rural development "
        "and business support, and Appeals of building permits",
    ),
    "L5": Row(
        "focus",
        r"Kronoberg får högt betyg för ”Bemötande” i alla undersökta verksamheter 2012: \d+–\d+ av "
        "100, säkert över 70 i var och en",
        "Kronoberg gets high marks for “Courtesy” in every surveyed activity 2012: "
        r"\d+–\d+ of 100, surely above 70 in each",
    ),
    "L6": Row(
        "focus",
        rf"”Bemötande” 2012, av 100: .*”Medarbetarna är engagerade” {N}.*”Medarbetarna är "
        rf"intresserade” {N}.*”Medarbetarna är öppna för dialog” {N}. Alla 4 ligger säkert över 70",
        rf"“Courtesy” 2012, of 100: .*“Staff are engaged” {N}.*“Staff are interested” {N}.*“Staff "
        rf"are open to dialogue” {N}. All 4 lie surely above 70",
    ),
    "L7": Row(
        "focus",
        rf"Lägst av områdenas frågor 2012, av 100: ”Det är lätt att hitta på webbplatsen” {N}, "
        rf"\d+ % ger något av de två lägsta svaren; ”Det är lätt att nå rätt person” {N}, \d+ % "
        "ger",
        rf"Lowest of the themes' questions in 2012, of 100: “It is easy to find things on the "
        rf"website” {N}, \d+% give one of the two lowest answers; “It is easy to reach the right "
        rf"person” {N}, \d+% give",
    ),
    "L8": Row(
        "themes",
        rf"”Bemötande” 2012: {N} av 100 för alla; högst någon av [^.]+, lägst någon av [^.]+\. "
        "Alla 21 ligger säkert över 70",
        rf"“Courtesy” 2012: {N} of 100 over all; highest one of [^.]+, lowest one of [^.]+\. "
        "All 21 lie surely above 70",
    ),
    "L9": Row(
        "focus",
        rf"Kronoberg, ”Nöjdindex” 2011–2012: {D} poäng {UNSURE} i de 3 verksamheter som undersökts "
        r"båda åren, ingen säker förändring \(en förändring på \d+,\d poäng upptäcks",
        rf"Kronoberg, “Satisfaction index” 2011–2012: {D} points {UNSURE} in the 3 activities "
        r"surveyed in both years, no sure change \(a change of \d+\.\d is found",
    ),
    "L10": Row(
        "measures",
        "2013: Gemensam växel för tolv länsstyrelser, Kronoberg värd. Förändringen av ”Det är "
        r"lätt att nå rätt person” från 2012 till 2013 hos de 12 berörda, minus den hos de 9 "
        rf"andra: \+\d+,\d poäng {SURE}. Slumpmässiga indelningar ger en lika stor skillnad i "
        r"\d % av fallen. "
        r"Under de två omgångarna före åtgärden ger samma jämförelse −\d,\d poäng; slumpmässiga "
        r"indelningar ger lika mycket i \d\d % av fallen. Om åtgärden har något med saken att "
        "göra kan dessa data inte visa",
        "2013: Joint switchboard of twelve boards, Kronoberg as host. The change of “It is "
        "easy to reach the right person” from 2012 to 2013 at the 12 concerned, less that at the 9 "
        rf"others: \+\d+\.\d points {SURE}. Random divisions give a difference as large in "
        r"\d% of cases. "
        r"Over the two rounds before the measure the same comparison gives −\d\.\d points; random "
        r"divisions give as much in \d\d% of cases. Whether the measure has anything to do with "
        "it, these data cannot tell",
    ),
}

_ROLES = {
    "sv": "Svararens roll: Kommundirektörer {}, Andra tjänsteinnehavare i högsta ledningen {}, "
    "Ledande förtroendevalda {} och Ledningen för avtalskunder {}",
    "en": "Role of the respondent: Municipal directors {}, Other top officials {}, Leading elected "
    "representatives {}, and Managers of contract customers {}",
    "fi": "Vastaajan rooli: Kunnanjohtajat {}, Muut ylimmän johdon viranhaltijat {}, Johtavat "
    "luottamushenkilöt {} ja Sopimusasiakkaiden johto {}",
}
_ANY = [r"\d+"] * 4
_KNOWN = [84, 132, 90, 41]


def _above(item: str, unit: str, other: str) -> dict[str, str]:
    """Say that one service is above each of the others, the nearest with its paired interval."""
    names = {code: [x.split("|")[at] for x in (item, unit, other)]
             for at, code in enumerate(("sv", "en", "fi"))}  # fmt: skip
    said = {
        "sv": "”{0}”: bedömt av samma personer ligger ”{1}” säkert över var och en av de 5 andra; "
        "närmast är ”{2}”, {3} poäng {4}",
        "en": "“{0}”: rated by the same persons, “{1}” lies surely above each of the 5 others; "
        "nearest is “{2}”, {3} points {4}",
        "fi": "”{0}”: samojen vastaajien arvioissa ”{1}” on varmasti korkeammalla kuin mikään 5 "
        "muusta; lähinnä on ”{2}”, {3} pistettä {4}",
    }
    return {code: text.format(*names[code], D, SURE) for code, text in said.items()}


ADVICE = "Rådgivningstjänster|Advice services|Neuvontapalvelut"
ADVOCACY = "Intressebevakning|Advocacy|Edunvalvonta"
KNOWN = "Hur känd tjänsten är|How well known the service is|Palvelun tunnettuus"
SIGNIFICANCE = (
    "Tjänstens betydelse för det egna arbetet|Significance of the service for one's own work|"
    "Palvelun merkitys omassa työssä"
)

ASSOCIATION = {
    "K1": Row(
        "summary",
        r"2021: den andra omgången, genomförd varje år sedan 2020.*" + _ROLES["sv"].format(*_ANY),
        r"2021: the second round, made every year since 2020.*" + _ROLES["en"].format(*_ANY),
        r"2021: toinen kierros, tehty joka vuosi vuodesta 2020.*" + _ROLES["fi"].format(*_ANY),
    ),
    "K2": Row(
        "summary",
        "347 personer svarade 2021. " + _ROLES["sv"].format(*_KNOWN),
        "347 persons answered in 2021. " + _ROLES["en"].format(*_KNOWN),
        "Vuonna 2021 vastasi 347 henkilöä. " + _ROLES["fi"].format(*_KNOWN),
    ),
    "K3": Row(
        "views",
        r"”Bättre än i fjol” 25 % \(\d+–\d+\), ”Lika bra som i fjol” 64 % \(\d+–\d+\) och ”Sämre "
        r"än i fjol” 10 % \(\d+–\d+\). 1 % av de svarande vet ej",
        r"“Better than last year” 25% \(\d+–\d+\), “As good as last year” 64% \(\d+–\d+\), and "
        r"“Worse than last year” 10% \(\d+–\d+\). 1% of the respondents do not know",
        r"”Parempi kuin viime vuonna” 25 % \(\d+–\d+\), ”Yhtä hyvä kuin viime vuonna” 64 % "
        r"\(\d+–\d+\) ja ”Huonompi kuin viime vuonna” 10 % \(\d+–\d+\). 1 % vastaajista",
    ),
    "K4": Row(
        "views",
        rf"Beröm i öppna svar 2021, oftast nämnt: .*”Synligheten” {SHARE}, ”Offentliga "
        rf"ställningstaganden” {SHARE} och ”Utvecklingen av nätverken” {SHARE}. Säkert oftare än "
        "var och en av de 2 återstående",
        rf"Praise in open answers 2021, most often mentioned: .*“Visibility” {SHARE_EN}, “Public "
        rf"statements” {SHARE_EN}, and “Development of the networks” {SHARE_EN}. Surely more often "
        "than each of the 2 others",
        rf"Kiitokset avoimissa vastauksissa 2021, useimmin mainittu: .*”Näkyvyys” {SHARE}, "
        rf"”Julkiset kannanotot” {SHARE} ja ”Verkostojen kehittäminen” {SHARE}. Varmasti useammin "
        r"kuin mikään muista \(2\)",
    ),
    "K5": Row(
        "views",
        rf"Önskemål i öppna svar 2021, oftast nämnt: ”Mer anträffbara sakkunniga” {SHARE} och "
        rf"”Snabbare rådgivning” {SHARE}. Säkert oftare än var och en av de 4 återstående",
        rf"Wishes in open answers 2021, most often mentioned: “Experts easier to reach” {SHARE_EN} "
        rf"and “Faster advice” {SHARE_EN}. Surely more often than each of the 4 others",
        rf"Toiveet avoimissa vastauksissa 2021, useimmin mainittu: ”Helpommin tavoitettavat "
        rf"asiantuntijat” {SHARE} ja ”Nopeampi neuvonta” {SHARE}. Varmasti useammin kuin mikään "
        r"muista \(4\)",
    ),
    "K6": Row(
        "views",
        "”Hur viktig tjänsten är” 2021. Första plats: Intressebevakning; andra plats: "
        "Rådgivningstjänster; delad tredje plats: Nätverk och Informationsprodukter och "
        "informationstjänster; femte plats",
        "“Importance of the service” 2021. First place: Advocacy; second place: Advice services; "
        "shared third place: Networks and Information products and services; fifth place",
        "”Palvelun tärkeys” 2021. Ensimmäinen sija: Edunvalvonta; toinen sija: Neuvontapalvelut; "
        "jaettu kolmas sija: Verkostot ja Tietotuotteet ja tietopalvelut; viides sija",
    ),
    "K7": Row(
        "views",
        rf"”Förtroende” får bästa betyg 2021, {N} av 100, \w+, och ligger säkert över de andra",
        rf"“Trust” gets the best grade in 2021, {N} of 100, \w+; it lies surely above the others",
        rf"”Luottamus” saa parhaan arvosanan vuonna 2021, {N} asteikolla 0–100, \w+; se on "
        "varmasti muita korkeampi",
    ),
    "K8": Row(
        "views",
        "”Förbundet känner kommunernas förhållanden väl”: uppfattningen delas av alla 5 "
        r"kommungrupper. Den största skillnaden är \d,\d poäng och säkert under \d,\d; mindre än",
        "“The association knows the conditions of the municipalities well”: the view is shared by "
        r"all 5 municipality groups. The largest difference is \d\.\d points and surely under "
        r"\d\.\d; less than 10",
        r"”Liitto tuntee kuntien olot hyvin”: näkemys on yhteinen kaikille \(kuntaryhmät: 5\). "
        r"Suurin ero on \d,\d pistettä ja varmasti alle \d,\d; alle 10",
    ),
    "K9": Row(
        "changes",
        rf"Stora städer, ”Bilden av förbundet” 2020–2021: {D} poäng {SURE} vid oförändrad "
        r"sammansättning \(svararens roll\), en säker ökning",
        rf"Large cities, “View of the association” 2020–2021: {D} points {SURE} at an unchanged "
        r"mix \(role of the respondent\), a sure rise",
        rf"Suuret kaupungit, ”Kuva liitosta” 2020–2021: {D} pistettä {SURE} rakenteen pysyessä "
        r"samana \(vastaajan rooli\), varma nousu",
    ),
    "K10 known": Row("views", **_above(KNOWN, ADVICE, ADVOCACY)),
    "K10 significance": Row("views", **_above(SIGNIFICANCE, ADVICE, ADVOCACY)),
    "K11": Row(
        "views",
        "”Intressebevakning” ligger fortfarande på första plats 2021, som i varje omgång sedan "
        "2020",
        "“Advocacy” is still in first place in 2021, as in every round since 2020",
        "”Edunvalvonta” on edelleen ensimmäisellä sijalla vuonna 2021, kuten joka kierroksella "
        "vuodesta 2020",
    ),
    "K12": Row(
        "views",
        rf"Beröm i öppna svar 2021, oftast nämnt: ”Åtgärderna under coronakrisen” {SHARE}",
        "Praise in open answers 2021, most often mentioned: “Measures during the corona crisis” "
        + SHARE_EN,
        "Kiitokset avoimissa vastauksissa 2021, useimmin mainittu: ”Toimet koronakriisin aikana” "
        + SHARE,
    ),
    "K13": Row(
        "views",
        rf"Helhetsbetyg: .*”Förtroende” (får bästa betyg 2021, )?{N}( av 100)?, högt",
        rf"Overall grades: .*“Trust” (gets the best grade in 2021, )?{N}( of 100)?, high",
        rf"Kokonaisarvosanat: .*”Luottamus” (saa parhaan arvosanan vuonna 2021, )?{N}( asteikolla "
        r"0–100)?, korkea",
    ),
    "K14": Row(
        "measures",
        "2021: Kommunnätverken utvecklades. Det berörde alla.*”Utvecklingen av nätverken”: nämndes "
        rf"av \d+ % år 2020 och \d+ % år 2021; {D} procentenheter {SURE}, en säker ökning",
        "2021: The municipal networks were developed. It concerned all.*“Development of the "
        rf"networks”: mentioned by \d+% in 2020 and \d+% in 2021; {D} percentage points {SURE}, a "
        "sure rise",
        "2021: Kuntaverkostoja kehitettiin. Asia koski kaikkia.*”Verkostojen kehittäminen”: "
        rf"mainitsi \d+ % vuonna 2020 ja \d+ % vuonna 2021; {D} prosenttiyksikköä {SURE}, "
        "varma nousu",
    ),
}
