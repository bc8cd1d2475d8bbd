/* What is meant for C++ compilers does not reach the files in C of a target that links to mrcz. */
#ifdef ASIO_HAS_CO_AWAIT
#error "C files are told of coroutines"
#endif
int stranger_in_c(void);
int stranger_in_c(void) { return 0; }
