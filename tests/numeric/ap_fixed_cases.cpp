// Reads a case's number and its operands in hexadecimal, writes the result; CASES are filled in.
#include <cstdio>
#include <ap_fixed.h>

typedef unsigned long long word;

template <class T> T read() {
    word bits;
    if (std::scanf("%llx", &bits) != 1) throw "too few numbers";
    T x;
    x.range(T::width - 1, 0) = ap_uint<T::width>(bits);
    return x;
}

template <class T> void write(const T &y) {
    ap_uint<192> bits = y.range(T::width - 1, 0);
    std::printf("%llx %016llx\n", (word)(bits >> 64).to_uint64(), (word)bits.to_uint64());
}

template <class S, class T> void requantize() {
    T y = read<S>();
    write(y);
}
template <class A, class B, class R> void add() {
    A a = read<A>();
    write(R(a + read<B>()));
}
template <class A, class B, class R> void subtract() {
    A a = read<A>();
    write(R(a - read<B>()));
}
template <class A, class B, class R> void multiply() {
    A a = read<A>();
    write(R(a * read<B>()));
}

int main() {
    void (*const cases[])() = {CASES};
    for (unsigned i; std::scanf("%u", &i) == 1;) cases[i]();
}
