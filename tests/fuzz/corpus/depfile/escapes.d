a\:b c\\\ d: x\#y $$z \\ e\
 f\: g
x\#y: h
