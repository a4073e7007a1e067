#include "cli/ninja_metrics.h"

#include <algorithm>

namespace cntr::cli {

void NinjaMetrics::add(const std::string& name, Clock::duration time) {
  auto metric = std::find_if(metrics_.begin(), metrics_.end(),
                             [&](const Metric& known) { return known.name == name; });
  if (metric == metrics_.end()) metric = metrics_.insert(metrics_.end(), {name, 0, {}});
  ++metric->count;
  metric->time += time;
}

void NinjaMetrics::print(std::FILE* out) const {
  size_t width = 6;
  for (const Metric& metric : metrics_) width = std::max(width, metric.name.size());
  std::fprintf(out, "%-*s\t%-6s\t%-9s\t%s\n", static_cast<int>(width), "metric", "count",
               "avg (us)", "total (ms)");
  for (const Metric& metric : metrics_) {
    const double us = std::chrono::duration<double, std::micro>(metric.time).count();
    std::fprintf(out, "%-*s\t%-6zu\t%-8.1f\t%.1f\n", static_cast<int>(width), metric.name.c_str(),
                 metric.count, us / static_cast<double>(metric.count), us / 1000);
  }
}

}  // namespace cntr::cli
