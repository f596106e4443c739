int shared(int x);
int other(int x);
int shared(int x) { return x ^ 5; }
int other(int x) { return x | 8; }
