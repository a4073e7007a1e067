"""check_orbits.py <orbits.csv> <report.html>: compares with what is known of the planets."""
import datetime
import os
import sys
import xml.etree.ElementTree as ElementTree

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../steps"))
import orbits  # noqa: E402

YEARS = {"Mercury": 87.969, "Venus": 224.701, "Earth": 365.256, "Mars": 686.980, "Jupiter": 4332.59}
# Mars was nearer than for 60,000 years.
OPPOSITION, DISTANCE = datetime.date(2003, 8, 27), 0.3727

mistakes = []


def expect_near(what, found, expected, tolerance):
    if abs(found - expected) > tolerance:
        mistakes.append(f"{what}: found {found:.4f}, expected {expected:.4f}")


def main():
    days, places = orbits.read_orbits(sys.argv[1])
    if sorted(places) != sorted(YEARS):
        mistakes.append(f"planets: {', '.join(places)}")
    for name, expected in YEARS.items():
        expect_near(f"the year of {name}", orbits.year_of(days, places[name]), expected, expected * 1e-3)
    day, distance = orbits.nearest(days, orbits.distances(places["Earth"], places["Mars"]))
    expect_near("the day of Mars", day, (OPPOSITION - orbits.START).days, 2)
    expect_near("the distance of Mars", distance, DISTANCE, 5e-4)
    page = ElementTree.parse(sys.argv[2])
    expect_near("orbits in the report", len(page.findall(".//path[@class='orbit']")), len(YEARS), 0)
    expect_near("planets in the report", len(page.findall(".//tr[@class='planet']")), len(YEARS), 0)
    sys.exit("\n".join(mistakes) or 0)


main()
