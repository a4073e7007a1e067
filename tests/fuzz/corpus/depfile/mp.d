a.o: a.cc a.h b.h

a.h:

b.h:
