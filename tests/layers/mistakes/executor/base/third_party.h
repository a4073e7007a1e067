#include <boost/optional.hpp>

#include "error.h"
