"""report.py <planets.csv> <orbits.csv> <template> <report.html>: draws the orbits."""
import csv
import math
import os
import sys

import jinja2

import orbits

SIZE = 620  # of the drawing
CHART = (900, 220)


def on_paper(place):
    """Distances are drawn by their square roots, so that Mercury and Jupiter fit on one page."""
    x, y, _ = place
    distance = math.hypot(x, y)
    scale = SIZE / 2 * 0.94 / math.sqrt(5.46) / math.sqrt(distance)
    return round(SIZE / 2 + x * scale, 1), round(SIZE / 2 - y * scale, 1)


def path_of(points):
    return "M" + "L".join(f"{x} {y}" for x, y in points)


def planet_of(row, days, places):
    year = orbits.year_of(days, places)
    one_round = places[: 1 + math.ceil(year / (days[1] - days[0]))]
    away = [math.hypot(*place) for place in one_round]
    return {
        "name": row["name"],
        "colour": row["colour"],
        "path": path_of(map(on_paper, one_round)),
        "start": on_paper(places[0]),
        "year": year,
        "near": min(away),
        "far": max(away),
    }


def chart_of(days, values):
    width, height = CHART
    top = max(values)
    xs = [day / days[-1] * width for day in days]
    ys = [height - value / top * height for value in values]
    day, value = orbits.nearest(days, values)
    years = [(date.year, (date - orbits.START).days / days[-1] * width)
             for date in (orbits.START.replace(year=orbits.START.year + n) for n in range(13))
             if (date - orbits.START).days <= days[-1]]
    return {
        "width": width,
        "height": height,
        "path": path_of((round(x, 1), round(y, 1)) for x, y in zip(xs, ys)),
        "years": years,
        "grid": [(au, round(height - au / top * height, 1)) for au in range(3) if au <= top],
        "nearest": {"date": orbits.date_of(day), "au": value,
                    "x": round(day / days[-1] * width, 1), "y": round(height - value / top * height, 1)},
    }


def main():
    planets_csv, orbits_csv, template, out = sys.argv[1:]
    days, places = orbits.read_orbits(orbits_csv)
    with open(planets_csv, newline="") as file:
        planets = [planet_of(row, days, places[row["name"]]) for row in csv.DictReader(file)]
    folder, name = os.path.split(template)
    pages = jinja2.Environment(loader=jinja2.FileSystemLoader(folder), autoescape=True,
                               undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    text = pages.get_template(name).render(
        size=SIZE, planets=planets, last_day=orbits.date_of(days[-1]),
        chart=chart_of(days, orbits.distances(places["Earth"], places["Mars"])))
    with open(out, "w") as file:
        file.write(text + "\n")


main()
