// What the operations on tiles and memories mean. Arrays are those of the IR; nothing is rounded here.

#ifndef TILE_H
#define TILE_H

#include <ap_fixed.h>
#include <stdint.h>

namespace tile {

// -- stored constants --------------------------------------------------------------------------------
// The integers behind fixed-point numbers. Hardware stores as many bits as they have; a simulation
// whole bytes, because compilers are slow on large arrays of ap_int.

#if defined(__SYNTHESIS__) || defined(EXACT_STORAGE)

template <int W>
using stored_int = ap_int<W>;
template <int W>
using stored_uint = ap_uint<W>;

#else

constexpr int bytes(int width) { return width <= 8 ? 1 : width <= 16 ? 2 : width <= 32 ? 4 : 8; }

template <int Bytes>
struct Word;
template <>
struct Word<1> { typedef int8_t Signed; typedef uint8_t Unsigned; };
template <>
struct Word<2> { typedef int16_t Signed; typedef uint16_t Unsigned; };
template <>
struct Word<4> { typedef int32_t Signed; typedef uint32_t Unsigned; };
template <>
struct Word<8> { typedef int64_t Signed; typedef uint64_t Unsigned; };

template <int W>
using stored_int = typename Word<bytes(W)>::Signed;
template <int W>
using stored_uint = typename Word<bytes(W)>::Unsigned;

#endif

// The number with these bits. They are put in place, so there is nothing to round.
template <class T, class Bits>
void decode(T& number, const Bits& bits) {
#pragma HLS INLINE
    number.range() = bits;
}

inline void decode(bool& truth, bool bit) { truth = bit; }

// A word of stored numbers, all at once.
template <class T, class Bits, int N>
void decode(T (&numbers)[N], const Bits (&bits)[N]) {
#pragma HLS INLINE
    for (int i = 0; i < N; ++i) {
#pragma HLS UNROLL
        decode(numbers[i], bits[i]);
    }
}

template <class T, class Bits>
T decoded(const Bits& bits) {
#pragma HLS INLINE
    T number;
    decode(number, bits);
    return number;
}

// A memory that starts with stored numbers.
template <class T, class Bits, int N>
void fill(T (&memory)[N], const Bits (&bits)[N]) {
    for (int i = 0; i < N; ++i) {
#pragma HLS PIPELINE II=1
        decode(memory[i], bits[i]);
    }
}

// The bits of a number, read as an unsigned one.
template <class T>
unsigned address(const T& number) {
#pragma HLS INLINE
    return number.range().to_uint();
}

// The stored number at the bits of an index.
template <class T, class Bits, class Index, int N>
T lookup(const Bits (&table)[N], const Index& index) {
#pragma HLS INLINE
    return decoded<T>(table[address(index)]);
}

// -- moving ------------------------------------------------------------------------------------------

template <class T>
void assign(T& target, const T& source) {
#pragma HLS INLINE
    target = source;
}

// A tile, all at once.
template <class T, int N>
void assign(T (&target)[N], const T (&source)[N]) {
#pragma HLS INLINE
    for (int i = 0; i < N; ++i) {
#pragma HLS UNROLL
        assign(target[i], source[i]);
    }
}

// The neighbours from `first` on, all at once.
template <class T, int N, int Depth>
void load(T (&target)[N], const T (&memory)[Depth], int first) {
#pragma HLS INLINE
    for (int i = 0; i < N; ++i) {
#pragma HLS UNROLL
        assign(target[i], memory[first + i]);
    }
}

// A memory, word after word.
template <class T, int N>
void copy(T (&target)[N], const T (&source)[N]) {
    for (int i = 0; i < N; ++i) {
#pragma HLS PIPELINE II=1
        assign(target[i], source[i]);
    }
}

// Some words of a memory, word after word, from a place in another on.
template <class T, int N, int Depth>
void put(T (&target)[N], int first, const T (&memory)[Depth], int start, int count) {
    for (int i = 0; i < count; ++i) {
#pragma HLS PIPELINE II=1
        assign(target[first + i], memory[start + i]);
    }
}

// A memory with a vector in front and zeros behind.
template <class T, int N, int Size>
void pad(T (&target)[Size], const T (&source)[N]) {
    for (int i = 0; i < Size; ++i) {
#pragma HLS PIPELINE II=1
        target[i] = i < N ? source[i] : T(0);
    }
}

template <class T>
struct Size { enum { value = 1 }; };
template <class T, int N>
struct Size<T[N]> { enum { value = N * Size<T>::value }; };

// The element at a row-major position.
template <class T>
T& element(T& scalar, int) { return scalar; }
template <class T, int N>
auto& element(T (&array)[N], int position) {
    return element(array[position / Size<T>::value], position % Size<T>::value);
}

// The same elements under another shape.
template <class T, class S, int N, int M>
void reshape(T (&target)[N], const S (&source)[M]) {
    for (int i = 0; i < Size<T[N]>::value; ++i) {
#pragma HLS PIPELINE II=1
        element(target, i) = element(source, i);
    }
}

// -- multiplying -------------------------------------------------------------------------------------

// For each entry of the indices, a block of neighbours from its bank of the window.
template <int Banks, int Block = 1, class T, class Index, int L, int E, int K, int N>
void gather(T (&operands)[L][K], const T (&window)[N], const Index (&indices)[L][E]) {
#pragma HLS INLINE
    for (int l = 0; l < L; ++l) {
#pragma HLS UNROLL
        for (int k = 0; k < K; ++k) {
#pragma HLS UNROLL
            const int entry = k / Block, bank = entry / (E / Banks);
            const int place = address(indices[l][entry]) * Block + k % Block;
            operands[l][k] = window[bank * (N / Banks) + place];
        }
    }
}

// Twice each code, plus one: the lowest bit is always set, and not stored.
template <class T, class Code, int P, int K>
void midrise(T (&weights)[P][K], const Code (&codes)[P][K]) {
#pragma HLS INLINE
    for (int p = 0; p < P; ++p) {
#pragma HLS UNROLL
        for (int k = 0; k < K; ++k) {
#pragma HLS UNROLL
            const ap_uint<Code::width> bits = codes[p][k].range();
            const ap_uint<1> one = 1;
            weights[p][k].range() = (bits, one);
        }
    }
}

// The products of some lanes, added to their sums; lane p has the operands of list p % L.
template <int First = 0, int Step = 1, class Sum, class Weight, class T, int S, int P, int K, int L>
void mac(Sum (&sums)[S], const Weight (&weights)[P][K], const T (&operands)[L][K]) {
#pragma HLS INLINE
    for (int p = 0; p < P; ++p) {
#pragma HLS UNROLL
        for (int k = 0; k < K; ++k) {
#pragma HLS UNROLL
            sums[First + p * Step] += weights[p][k] * operands[p % L][k];
        }
    }
}

// The same with operands that all lanes share.
template <int First = 0, int Step = 1, class Sum, class Weight, class T, int S, int P, int K>
void mac_shared(Sum (&sums)[S], const Weight (&weights)[P][K], const T (&operands)[K]) {
#pragma HLS INLINE
    for (int p = 0; p < P; ++p) {
#pragma HLS UNROLL
        for (int k = 0; k < K; ++k) {
#pragma HLS UNROLL
            sums[First + p * Step] += weights[p][k] * operands[k];
        }
    }
}

}  // namespace tile

#endif
