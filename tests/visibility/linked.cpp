// A program that is linked to both libraries.
extern "C" void throw_error();
extern "C" int catch_error(void (*thrower)());

int main() { return catch_error(&throw_error); }
