// simulate <start.csv> <days>: moves the planets under their own and the Sun's gravity, and prints
// where each is, seen from the Sun, every second day.
#include <array>
#include <cmath>
#include <cstdio>
#include <exception>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

constexpr double kGravity = 0.01720209895 * 0.01720209895;  // of the Sun; au, days, its mass
constexpr int kStepsPerDay = 8;
constexpr int kDaysPerRow = 2;

using Vector = std::array<double, 3>;

struct Body {
  std::string name;
  double mass = 0;
  Vector place{}, velocity{}, pull{};
};

Vector numbers(std::istream& fields) {
  Vector out;
  for (double& number : out) {
    std::string field;
    if (!std::getline(fields, field, ',')) throw std::runtime_error("too few columns");
    number = std::stod(field);
  }
  return out;
}

// The Sun, then the planets.
std::vector<Body> read_bodies(const char* path) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error(std::string("cannot read ") + path);
  std::vector<Body> bodies(1);
  bodies[0] = {"Sun", 1, {}, {}, {}};
  std::string line;
  std::getline(file, line);  // the header
  while (std::getline(file, line)) {
    std::istringstream fields(line);
    Body body;
    std::string mass;
    std::getline(fields, body.name, ',');
    std::getline(fields, mass, ',');
    body.mass = std::stod(mass);
    body.place = numbers(fields);
    body.velocity = numbers(fields);
    bodies.push_back(body);
  }
  return bodies;
}

void attract(std::vector<Body>& bodies) {
  for (Body& body : bodies) body.pull = {};
  for (size_t i = 0; i < bodies.size(); ++i) {
    for (size_t j = i + 1; j < bodies.size(); ++j) {
      Body &a = bodies[i], &b = bodies[j];
      Vector between;
      double square = 0;
      for (size_t k = 0; k < 3; ++k) {
        between[k] = b.place[k] - a.place[k];
        square += between[k] * between[k];
      }
      const double strength = kGravity / (square * std::sqrt(square));
      for (size_t k = 0; k < 3; ++k) {
        a.pull[k] += strength * b.mass * between[k];
        b.pull[k] -= strength * a.mass * between[k];
      }
    }
  }
}

void push(std::vector<Body>& bodies, double days) {
  for (Body& body : bodies) {
    for (size_t k = 0; k < 3; ++k) body.velocity[k] += body.pull[k] * days;
  }
}

// A leap of the leapfrog method, which keeps energy over any time.
void leap(std::vector<Body>& bodies, double days) {
  push(bodies, days / 2);
  for (Body& body : bodies) {
    for (size_t k = 0; k < 3; ++k) body.place[k] += body.velocity[k] * days;
  }
  attract(bodies);
  push(bodies, days / 2);
}

void print_places(const std::vector<Body>& bodies, int day) {
  const Vector& sun = bodies[0].place;
  for (size_t i = 1; i < bodies.size(); ++i) {
    const Vector& place = bodies[i].place;
    std::printf("%d,%s,%.8f,%.8f,%.8f\n", day, bodies[i].name.c_str(), place[0] - sun[0],
                place[1] - sun[1], place[2] - sun[2]);
  }
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc != 3) throw std::runtime_error("usage: simulate <start.csv> <days>");
  std::vector<Body> bodies = read_bodies(argv[1]);
  const int days = std::stoi(argv[2]);
  attract(bodies);
  std::puts("day,name,x,y,z");
  for (int day = 0; day <= days; day += kDaysPerRow) {
    print_places(bodies, day);
    for (int i = 0; i < kDaysPerRow * kStepsPerDay; ++i) leap(bodies, 1.0 / kStepsPerDay);
  }
} catch (const std::exception& error) {
  std::fprintf(stderr, "simulate: %s\n", error.what());
  return 1;
}
