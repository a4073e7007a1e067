"""What orbits.csv says: where the planets were, how long their years are, how near Mars came."""
import csv
import datetime
import math

START = datetime.date(2000, 1, 1)


def read_orbits(path):
    """The days, and the places on them by planet."""
    days, places = [], {}
    with open(path, newline="") as file:
        for row in csv.DictReader(file):
            day = int(row["day"])
            if not days or days[-1] != day:
                days.append(day)
            places.setdefault(row["name"], []).append(tuple(float(row[axis]) for axis in "xyz"))
    return days, places


def date_of(day):
    return START + datetime.timedelta(days=day)


def year_of(days, places):
    """How many days a planet needs to go round, from as many whole rounds as there are."""
    angle, angles = 0.0, [0.0]
    for before, after in zip(places, places[1:]):
        step = math.atan2(after[1], after[0]) - math.atan2(before[1], before[0])
        angle += math.remainder(step, math.tau)
        angles.append(angle)
    rounds = int(angle / math.tau)
    if rounds == 0:
        raise ValueError("the planet did not go round once")
    at = next(i for i, angle in enumerate(angles) if angle >= rounds * math.tau)
    share = (rounds * math.tau - angles[at - 1]) / (angles[at] - angles[at - 1])
    return (days[at - 1] + share * (days[at] - days[at - 1])) / rounds


def distances(some, others):
    return [math.dist(a, b) for a, b in zip(some, others)]


def nearest(days, values):
    """The day of the least value, and that value."""
    value = min(values)
    return days[values.index(value)], value
