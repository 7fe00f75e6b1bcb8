"""What is wrong in themes, crosswalk, events, frame and published figures is said exactly."""

import pytest

import tiny
from betyg.data.study import Study
from spoilt import message, only_problem

# Each case: a file that the tiny study does not have, its whole text, the whole message.
NEW = {
    "empty file": (
        "groups.csv",
        "",
        "groups.csv: the file is empty. Give it a line of column names.",
    ),
    "index that is neither yes nor no": (
        "themes.csv",
        "theme,index,label_sv,label_en\ncontact,maybe,Kontakt,Contact\n",
        "themes.csv, line 2, column index: 'maybe' will not do. "
        "It needs yes or no (in study.toml: true or false).",
    ),
    "crosswalk to an unknown item": (
        "crosswalk.csv",
        "item,year,column\nwebsit,2012,q1\n",
        "crosswalk.csv, line 2, column item: 'websit' is not in codebook.csv. "
        "Did you mean 'website'?",
    ),
    "crosswalk to an unknown scale": (
        "crosswalk.csv",
        "item,year,column,scale\nwebsite,2012,q1,grade1\n",
        "crosswalk.csv, line 2, column scale: 'grade1' is not in scales.csv. "
        "Did you mean 'grade10'?",
    ),
    "crosswalk to an unknown activity": (
        "crosswalk.csv",
        "item,year,column,activity\nwebsite,2012,q1,plans\n",
        "crosswalk.csv, line 2, column activity: 'plans' is not in activities.csv. "
        "Did you mean 'plan'?",
    ),
    "recode to an unknown code": (
        "crosswalk.csv",
        "item,year,recode\nwebsite,2012,1=5|9=998\n",
        "crosswalk.csv, line 2, column recode: '998' is no code of scale 'agree5'. "
        "Did you mean '99'?",
    ),
    "recode that is no list of pairs": (
        "crosswalk.csv",
        "item,year,recode\nwebsite,2012,1-5\n",
        "crosswalk.csv, line 2, column recode: '1-5' is not written as raw=code|raw=code, "
        "for example 1=5|2=4.",
    ),
    "recode of one code to two": (
        "crosswalk.csv",
        "item,year,recode\nwebsite,2012,1=5|1=4\n",
        "crosswalk.csv, line 2, column recode: '1=5|1=4' gives two meanings to one raw code.",
    ),
    "empty as an unknown code": (
        "crosswalk.csv",
        "item,year,empty\nwebsite,2012,no\n",
        "crosswalk.csv, line 2, column empty: 'no' is no code of scale 'agree5'. "
        "Known: 1, 2, 3, 4, 5, 99.",
    ),
    "year that is no year": (
        "crosswalk.csv",
        "item,year\nwebsite,2012-13\n",
        "crosswalk.csv, line 2, column year: '2012-13' will not do. It needs a whole number.",
    ),
    "item described twice": (
        "crosswalk.csv",
        "item,year,column\nwebsite,2012,q1\nwebsite,2012,q2\n",
        "crosswalk.csv, line 3: 'website' is described twice in 2012. Keep one of the rows.",
    ),
    "column of two items": (
        "crosswalk.csv",
        "item,year,column\nwebsite,2012,q1\ncourtesy,2012,q1\n",
        "crosswalk.csv, line 3, column column: 'q1' is the column of 'website' too. "
        "Correct one; options of a select-all column differ in contains.",
    ),
    "event of an unknown agency": (
        "events.csv",
        "year,agencies,label_sv,label_en\n2012,norr|nor,Växel,Switchboard\n",
        "events.csv, line 2, column agencies: 'nor' is not in agencies.csv. Did you mean 'norr'?",
    ),
    "frame of an unknown agency": (
        "frame.csv",
        "year,agency,population\n2012,Norr,100\n",
        "frame.csv, line 2, column agency: 'Norr' is not in agencies.csv. Did you mean 'norr'?",
    ),
    "frame of an unknown group": (
        "frame.csv",
        "year,agency,group,population\n2012,norr,men,100\n",
        "frame.csv, line 2, column group: 'men' is not in groups.csv. Add groups.csv.",
    ),
    "stratum twice": (
        "frame.csv",
        "year,agency,population\n2012,norr,100\n2012,norr,200\n",
        "frame.csv, line 3: '2012, norr' stands on line 2 already. Keep one of them.",
    ),
    "sample above population": (
        "frame.csv",
        "year,agency,population,sample\n2012,norr,100,101\n",
        "frame.csv, line 2, column sample: sample 101 is more than population 100. "
        "Correct one of them.",
    ),
    "negative population": (
        "frame.csv",
        "year,agency,population\n2012,norr,-1\n",
        "frame.csv, line 2, column population: '-1' is not at least 0. Correct it.",
    ),
    "published figure of an unknown item": (
        "published.csv",
        "id,statistic,item,value,source,label_sv,label_en\na,mean,satisfction,70,p. 1,A,A\n",
        "published.csv, line 2, column item: 'satisfction' is no item or index. "
        "Did you mean 'satisfaction'?",
    ),
    "published mean of nothing": (
        "published.csv",
        "id,statistic,value,source,label_sv,label_en\na,mean,70,p. 1,A,A\n",
        "published.csv, line 2, column item: statistic 'mean' needs an item. "
        "Name an item of codebook.csv or an index.",
    ),
    "published share of nothing": (
        "published.csv",
        "id,statistic,item,value,source,label_sv,label_en\na,share,website,0.2,p. 1,A,A\n",
        "published.csv, line 2, column category: statistic 'share' needs a category. "
        "Name the code whose share it is (4|5 for two together).",
    ),
    "published share of an unknown code": (
        "published.csv",
        "id,statistic,item,category,value,source,label_sv,label_en\n"
        "a,share,website,5|999,0.2,p. 1,A,A\n",
        "published.csv, line 2, column category: '999' is no code of 'website'. Did you mean '99'?",
    ),
    "unknown statistic": (
        "published.csv",
        "id,statistic,item,value,source,label_sv,label_en\na,means,website,70,p. 1,A,A\n",
        "published.csv, line 2, column statistic: 'means' is not allowed here. "
        "Did you mean 'mean'?",
    ),
    "published figure of an unknown activity": (
        "published.csv",
        "id,statistic,item,activity,value,source,label_sv,label_en\n"
        "a,mean,website,djyr,70,p. 1,A,A\n",
        "published.csv, line 2, column activity: 'djyr' is not in activities.csv. "
        "Did you mean 'djur'?",
    ),
    "published figure twice": (
        "published.csv",
        "id,statistic,item,value,source,label_sv,label_en\n"
        "a,mean,website,70,p. 1,A,A\na,mean,courtesy,70,p. 1,A,A\n",
        "published.csv, line 3: 'a' stands on line 2 already. Keep one of them.",
    ),
    "figure that is no number": (
        "published.csv",
        'id,statistic,item,value,source,label_sv,label_en\na,mean,website,"70,5",p. 1,A,A\n',
        "published.csv, line 2, column value: '70,5' will not do. It needs a number.",
    ),
}


@pytest.mark.parametrize("case", NEW)
def test_problem_of_an_optional_file_is_named(case, tmp_path):
    file, text, expected = NEW[case]
    root, name = tiny.responses(tmp_path)
    (root / name / file).write_text(text, "utf-8")
    assert only_problem((root, name)) == expected


def test_theme_that_is_not_listed_is_named_with_each_item(tmp_path):
    root, name = tiny.responses(tmp_path)
    text = "theme,label_sv,label_en\ncontacts,Kontakt,Contact\n"
    (root / name / "themes.csv").write_text(text, "utf-8")
    assert message((root, name)).splitlines()[1:] == [
        f"  - codebook.csv, line {line}, column theme: 'contact' is not in themes.csv. "
        "Did you mean 'contacts'?"
        for line in (2, 3)
    ]


def test_select_all_items_may_share_a_column(tmp_path):
    root, name = tiny.responses(tmp_path)
    (root / name / "crosswalk.csv").write_text(
        "item,column,contains\nwebsite,q1,1\ncourtesy,q1,2\n", "utf-8"
    )
    assert Study.load(root, name).crosswalk_rows("courtesy", 2012)[0].contains == "2"
