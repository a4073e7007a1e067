"""start.py <planets.csv>: prints position and velocity of each planet, in au and au a day."""
import csv
import math
import sys

GAUSS = 0.01720209895  # its square is the Sun's gravity, in au, days and masses of the Sun


def eccentric_anomaly(mean, eccentricity):
    """Solves Kepler's equation by Newton's method."""
    anomaly = mean
    for _ in range(50):
        step = (anomaly - eccentricity * math.sin(anomaly) - mean) / (1 - eccentricity * math.cos(anomaly))
        anomaly -= step
        if abs(step) < 1e-15:
            break
    return anomaly


def turned(point, perihelion, inclination, node):
    """From the plane of the orbit, its x axis towards the perihelion, to that of the ecliptic."""
    x, y = point
    x, y = x * math.cos(perihelion) - y * math.sin(perihelion), x * math.sin(perihelion) + y * math.cos(perihelion)
    y, z = y * math.cos(inclination), y * math.sin(inclination)
    return x * math.cos(node) - y * math.sin(node), x * math.sin(node) + y * math.cos(node), z


def state(planet):
    """The planet's position and velocity."""
    a, e = float(planet["a"]), float(planet["e"])
    longitude, perihelion, node, inclination = (
        math.radians(float(planet[key])) for key in ("longitude", "perihelion", "node", "inclination"))
    anomaly = eccentric_anomaly(math.remainder(longitude - perihelion, math.tau), e)
    flat = math.sqrt(1 - e * e)
    speed = GAUSS * math.sqrt((1 + 1 / float(planet["mass"])) / a) / (1 - e * math.cos(anomaly))
    position = a * (math.cos(anomaly) - e), a * flat * math.sin(anomaly)
    velocity = -speed * math.sin(anomaly), speed * flat * math.cos(anomaly)
    return [*turned(position, perihelion - node, inclination, node),
            *turned(velocity, perihelion - node, inclination, node)]


def main():
    print("name,mass,x,y,z,vx,vy,vz")
    with open(sys.argv[1], newline="") as file:
        for planet in csv.DictReader(file):
            numbers = [1 / float(planet["mass"]), *state(planet)]
            print(planet["name"], *(f"{number:.15e}" for number in numbers), sep=",")


main()
