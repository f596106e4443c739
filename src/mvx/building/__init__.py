"""`mvx cc` and `mvx c++`: a compiler driver that builds every variant of a program in one build."""
