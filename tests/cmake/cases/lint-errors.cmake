# The same as errors.
cntr_add_image(latest REFERENCE debian)
