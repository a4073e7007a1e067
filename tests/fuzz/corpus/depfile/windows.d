c:\out\a.o: c:\src\a.cc c:\Program\ Files\z.h
