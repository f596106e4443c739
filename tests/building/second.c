int first(int x);
int second(int x);
int second(int x) { return first(x) + 1; }
