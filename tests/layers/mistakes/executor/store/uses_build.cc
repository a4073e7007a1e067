#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>

#include "base/error.h"
#include "build/step_runner.h"
#include "store/cache.h"
