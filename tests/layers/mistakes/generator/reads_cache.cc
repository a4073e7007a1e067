#include "store/cache.h"
