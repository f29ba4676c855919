"""The examples of RFC 5545, section 3.8.5.3, in its order, and the one of section 3.3.10.

All begin at 9:00 by the clock of New York unless they say otherwise. The RFC gives UNTIL in UTC there.
"""

# ruff: noqa: DTZ001  # what rules bring is wall time, which has no zone

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import islice

import pytest

from tutorcore.calendar import to_instant
from tutorcore.calendar.recurrences.recurrence import Recurrence
from tutorcore.instants import Instant

_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


def _new_york(wall: datetime) -> Instant:
    return to_instant(wall, "America/New_York")


def _days(text: str) -> list[datetime]:
    """Return 9:00 on the days that a text lists as the RFC does: "1997 Sep 2,4; Oct 1-3"."""
    found, year = [], 0
    for entry in text.split(";"):
        *head, month, days = entry.split()
        year = int(head[0]) if head else year
        for part in days.split(","):
            first, _, last = part.partition("-")
            for day in range(int(first), int(last or first) + 1):
                found.append(datetime(year, _MONTHS.index(month) + 1, day, 9))
    return found


_SUMMERS = (
    "1997 Jun 5,12,19,26; Jul 3,10,17,24,31; Aug 7,14,21,28; 1998 Jun 4,11,18,25; Jul 2,9,16,23,30; Aug 6,13,20,27;"
    "1999 Jun 3,10,17,24; Jul 1,8,15,22,29; Aug 5,12,19,26"
)
_JANUARIES = "1998 Jan 1-31; 1999 Jan 1-31; 2000 Jan 1-31"
_FIVE_WEEKS = "1997 Sep 2,4,9,11,16,18,23,25,30; Oct 2"

# What ends has all of it listed; what goes on forever is compared as far as the list goes.
_BY_DAY = {
    "01 daily, ten times": ("FREQ=DAILY;COUNT=10", "1997 Sep 2-11"),
    "02 daily until December 24": ("FREQ=DAILY;UNTIL=19971224T000000Z", "1997 Sep 2-30; Oct 1-31; Nov 1-30; Dec 1-23"),
    "03 every other day": (
        "FREQ=DAILY;INTERVAL=2",
        "1997 Sep 2,4,6,8,10,12,14,16,18,20,22,24,26,28,30; Oct 2,4,6,8,10,12,14,16,18,20,22,24,26,28,30; Nov 1,3,5",
    ),
    "04 every 10 days, five times": ("FREQ=DAILY;INTERVAL=10;COUNT=5", "1997 Sep 2,12,22; Oct 2,12"),
    "05a every day in January, yearly": (
        "FREQ=YEARLY;UNTIL=20000131T140000Z;BYMONTH=1;BYDAY=SU,MO,TU,WE,TH,FR,SA",
        _JANUARIES,
    ),
    "05b every day in January, daily": ("FREQ=DAILY;UNTIL=20000131T140000Z;BYMONTH=1", _JANUARIES),
    "06 weekly, ten times": ("FREQ=WEEKLY;COUNT=10", "1997 Sep 2,9,16,23,30; Oct 7,14,21,28; Nov 4"),
    "07 weekly until December 24": (
        "FREQ=WEEKLY;UNTIL=19971224T000000Z",
        "1997 Sep 2,9,16,23,30; Oct 7,14,21,28; Nov 4,11,18,25; Dec 2,9,16,23",
    ),
    "08 every other week": (
        "FREQ=WEEKLY;INTERVAL=2;WKST=SU",
        "1997 Sep 2,16,30; Oct 14,28; Nov 11,25; Dec 9,23; 1998 Jan 6,20; Feb 3,17",
    ),
    "09a Tuesday and Thursday for five weeks": (
        "FREQ=WEEKLY;UNTIL=19971007T000000Z;WKST=SU;BYDAY=TU,TH",
        _FIVE_WEEKS,
    ),
    "09b the same by its count": ("FREQ=WEEKLY;COUNT=10;WKST=SU;BYDAY=TU,TH", _FIVE_WEEKS),
    "10 every other week on three days": (
        "FREQ=WEEKLY;INTERVAL=2;UNTIL=19971224T000000Z;WKST=SU;BYDAY=MO,WE,FR",
        "1997 Sep 1,3,5,15,17,19,29; Oct 1,3,13,15,17,27,29,31; Nov 10,12,14,24,26,28; Dec 8,10,12,22",
    ),
    "11 every other week on two days, eight times": (
        "FREQ=WEEKLY;INTERVAL=2;COUNT=8;WKST=SU;BYDAY=TU,TH",
        "1997 Sep 2,4,16,18,30; Oct 2,14,16",
    ),
    "12 the first Friday, ten times": (
        "FREQ=MONTHLY;COUNT=10;BYDAY=1FR",
        "1997 Sep 5; Oct 3; Nov 7; Dec 5; 1998 Jan 2; Feb 6; Mar 6; Apr 3; May 1; Jun 5",
    ),
    "13 the first Friday until December 24": (
        "FREQ=MONTHLY;UNTIL=19971224T000000Z;BYDAY=1FR",
        "1997 Sep 5; Oct 3; Nov 7; Dec 5",
    ),
    "14 every other month, first and last Sunday": (
        "FREQ=MONTHLY;INTERVAL=2;COUNT=10;BYDAY=1SU,-1SU",
        "1997 Sep 7,28; Nov 2,30; 1998 Jan 4,25; Mar 1,29; May 3,31",
    ),
    "15 the second-to-last Monday": (
        "FREQ=MONTHLY;COUNT=6;BYDAY=-2MO",
        "1997 Sep 22; Oct 20; Nov 17; Dec 22; 1998 Jan 19; Feb 16",
    ),
    "16 the third-to-last day": (
        "FREQ=MONTHLY;BYMONTHDAY=-3",
        "1997 Sep 28; Oct 29; Nov 28; Dec 29; 1998 Jan 29; Feb 26",
    ),
    "17 the 2nd and 15th, ten times": (
        "FREQ=MONTHLY;COUNT=10;BYMONTHDAY=2,15",
        "1997 Sep 2,15; Oct 2,15; Nov 2,15; Dec 2,15; 1998 Jan 2,15",
    ),
    "18 the first and the last day, ten times": (
        "FREQ=MONTHLY;COUNT=10;BYMONTHDAY=1,-1",
        "1997 Sep 30; Oct 1,31; Nov 1,30; Dec 1,31; 1998 Jan 1,31; Feb 1",
    ),
    "19 every 18 months on the 10th to 15th": (
        "FREQ=MONTHLY;INTERVAL=18;COUNT=10;BYMONTHDAY=10,11,12,13,14,15",
        "1997 Sep 10-15; 1999 Mar 10-13",
    ),
    "20 every Tuesday, every other month": (
        "FREQ=MONTHLY;INTERVAL=2;BYDAY=TU",
        "1997 Sep 2,9,16,23,30; Nov 4,11,18,25; 1998 Jan 6,13,20,27; Mar 3,10,17,24,31",
    ),
    "21 June and July, ten times": (
        "FREQ=YEARLY;COUNT=10;BYMONTH=6,7",
        "1997 Jun 10; Jul 10; 1998 Jun 10; Jul 10; 1999 Jun 10; Jul 10; 2000 Jun 10; Jul 10; 2001 Jun 10; Jul 10",
    ),
    "22 every other year, January to March": (
        "FREQ=YEARLY;INTERVAL=2;COUNT=10;BYMONTH=1,2,3",
        "1997 Mar 10; 1999 Jan 10; Feb 10; Mar 10; 2001 Jan 10; Feb 10; Mar 10; 2003 Jan 10; Feb 10; Mar 10",
    ),
    "23 every third year on days 1, 100, 200": (
        "FREQ=YEARLY;INTERVAL=3;COUNT=10;BYYEARDAY=1,100,200",
        "1997 Jan 1; Apr 10; Jul 19; 2000 Jan 1; Apr 9; Jul 18; 2003 Jan 1; Apr 10; Jul 19; 2006 Jan 1",
    ),
    "24 the 20th Monday of the year": ("FREQ=YEARLY;BYDAY=20MO", "1997 May 19; 1998 May 18; 1999 May 17"),
    "25 Monday of week 20": ("FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO", "1997 May 12; 1998 May 11; 1999 May 17"),
    "26 every Thursday in March": (
        "FREQ=YEARLY;BYMONTH=3;BYDAY=TH",
        "1997 Mar 13,20,27; 1998 Mar 5,12,19,26; 1999 Mar 4,11,18,25",
    ),
    "27 every Thursday of the summers": ("FREQ=YEARLY;BYDAY=TH;BYMONTH=6,7,8", _SUMMERS),
    "29 the Saturday after the first Sunday": (
        "FREQ=MONTHLY;BYDAY=SA;BYMONTHDAY=7,8,9,10,11,12,13",
        "1997 Sep 13; Oct 11; Nov 8; Dec 13; 1998 Jan 10; Feb 7; Mar 7; Apr 11; May 9; Jun 13",
    ),
    "30 presidential election day": (
        "FREQ=YEARLY;INTERVAL=4;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8",
        "1996 Nov 5; 2000 Nov 7; 2004 Nov 2",
    ),
    "31 the third Tuesday, Wednesday or Thursday": (
        "FREQ=MONTHLY;COUNT=3;BYDAY=TU,WE,TH;BYSETPOS=3",
        "1997 Sep 4; Oct 7; Nov 6",
    ),
    "32 the second-to-last weekday": (
        "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2",
        "1997 Sep 29; Oct 30; Nov 27; Dec 30; 1998 Jan 29; Feb 26; Mar 30",
    ),
    "37a weeks that begin on Monday": (
        "FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=MO",
        "1997 Aug 5,10,19,24",
    ),
    "37b weeks that begin on Sunday": (
        "FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=SU",
        "1997 Aug 5,17,19,31",
    ),
    "38 an invalid date is ignored": (
        "FREQ=MONTHLY;BYMONTHDAY=15,30;COUNT=5",
        "2007 Jan 15,30; Feb 15; Mar 15,30",
    ),
}


@pytest.mark.parametrize(("rule", "listed"), _BY_DAY.values(), ids=_BY_DAY)
def test_the_rules_of_the_rfc_come_on_the_days_that_it_lists(rule: str, listed: str) -> None:
    """RFC 5545 section 3.8.5.3: each rule brings the days printed there, no others, and ends if it says so."""
    expected = _days(listed)
    recurrence = Recurrence.parse(rule)
    ends = recurrence.count is not None or recurrence.until is not None

    found = recurrence.starts(expected[0], instant_of=_new_york)

    assert list(found if ends else islice(found, len(expected))) == expected


def test_friday_the_13th_follows_a_start_that_is_none() -> None:
    """Example 28: DTSTART, Tuesday 2 September 1997, is the first occurrence, which the RFC takes out by EXDATE."""
    found = Recurrence.parse("FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13").starts(datetime(1997, 9, 2, 9))

    first, *others = islice(found, 6)
    assert first == datetime(1997, 9, 2, 9)
    assert others == _days("1998 Feb 13; Mar 13; Nov 13; 1999 Aug 13; 2000 Oct 13")


_NINE = datetime(1997, 9, 2, 9)


def _minutes(*minutes: int) -> list[datetime]:
    return [_NINE + timedelta(minutes=each) for each in minutes]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        # Printed as ...T170000Z, which is 13:00 in New York; erratum 3883 mends it to 17:00 there.
        ("FREQ=HOURLY;INTERVAL=3;UNTIL=19970902T210000Z", _minutes(0, 180, 360)),
        ("FREQ=MINUTELY;INTERVAL=15;COUNT=6", _minutes(0, 15, 30, 45, 60, 75)),
        ("FREQ=MINUTELY;INTERVAL=90;COUNT=4", _minutes(0, 90, 180, 270)),
    ],
    ids=["33 every 3 hours on one day", "34 every 15 minutes, six times", "35 every hour and a half, four times"],
)
def test_the_rules_of_the_rfc_come_at_the_times_that_it_lists(rule: str, expected: list[datetime]) -> None:
    """RFC 5545 section 3.8.5.3: rules by hours and minutes bring the times printed there, to the last one."""
    assert list(Recurrence.parse(rule).starts(_NINE, instant_of=_new_york)) == expected


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=DAILY;BYHOUR=9,10,11,12,13,14,15,16;BYMINUTE=0,20,40",
        "FREQ=MINUTELY;INTERVAL=20;BYHOUR=9,10,11,12,13,14,15,16",
    ],
)
def test_every_20_minutes_of_the_working_day(rule: str) -> None:
    """Example 36: from 9:00 to 16:40 every day, said in either way."""
    today = _minutes(*range(0, 480, 20))

    found = Recurrence.parse(rule).starts(_NINE)

    assert list(islice(found, 48)) == today + [each + timedelta(days=1) for each in today]
