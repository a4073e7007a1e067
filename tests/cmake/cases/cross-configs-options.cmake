set(generator "Ninja Multi-Config")
list(APPEND options "-DCMAKE_CONFIGURATION_TYPES=Debug\;Release")
