main.o: src/main.cc src/a.h \
  /usr/include/stdio.h
