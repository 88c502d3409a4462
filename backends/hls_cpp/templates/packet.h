// Packets: a sequence comes in as one, its result goes out as one. An element travels in a beat, as its
// integer, sign- or zero-extended; `last` marks a packet's last beat.

#ifndef PACKET_H
#define PACKET_H

#include <ap_fixed.h>

#include "stream.h"

namespace packet {

template <int W, int I>
ap_int<W> integer(const ap_fixed<W, I>& number) {
    ap_int<W> bits;
    bits.range() = number.range();
    return bits;
}

template <int W, int I>
ap_uint<W> integer(const ap_ufixed<W, I>& number) {
    ap_uint<W> bits;
    bits.range() = number.range();
    return bits;
}

// Reads the beats of one step. False if the packet ended inside it: the step is then worth nothing.
template <class Beat, class T, int N>
bool read_step(hls::stream<Beat>& input, T (&step)[N], bool& last) {
    bool whole = true;
READ:
    for (int i = 0; i < N && whole; ++i) {
#pragma HLS PIPELINE II=1
        const Beat beat = input.read();
        const ap_uint<T::width> bits = beat.data;
        step[i].range() = bits;
        last = beat.last != 0;
        whole = !last || i == N - 1;
    }
    return whole;
}

// Reads the words of a step in front of others. False if the packet ended among them.
template <class Beat, class T, int N>
bool read_part(hls::stream<Beat>& input, T (&part)[N], bool& last) {
PART:
    for (int i = 0; i < N && !last; ++i) {
#pragma HLS PIPELINE II=1
        const Beat beat = input.read();
        const ap_uint<T::width> bits = beat.data;
        part[i].range() = bits;
        last = beat.last != 0;
    }
    return !last;
}

// Reads what is left of a packet. False if there was any, or its last step was not whole.
template <class Beat>
bool read_rest(hls::stream<Beat>& input, bool whole, bool last) {
    whole = whole && last;
REST:
    while (!last) {
#pragma HLS PIPELINE II=1
        last = input.read().last != 0;
    }
    return whole;
}

// Reads all steps of a packet. False if it ended inside a step, or has more of them than there is
// room for: it is read to its end, and worth nothing.
template <class Beat, class T, int N, int Most>
bool read_steps(hls::stream<Beat>& input, T (&packet)[Most][N], int& steps) {
    bool last = false, whole = true;
    for (steps = 0; !last && whole && steps < Most; ++steps) {
        whole = read_step(input, packet[steps], last);
    }
    return read_rest(input, whole, last);
}

template <class Beat, class Integer>
void write_beat(hls::stream<Beat>& output, const Integer& data, bool user, bool last) {
#pragma HLS INLINE
    Beat beat;
    beat.data = data;
    beat.keep = -1;
    beat.strb = -1;
    beat.user = user;
    beat.last = last;
    output.write(beat);
}

template <class Beat, class T, int N>
void write(hls::stream<Beat>& output, const T (&result)[N]) {
WRITE:
    for (int i = 0; i < N; ++i) {
#pragma HLS PIPELINE II=1
        write_beat(output, integer(result[i]), false, i == N - 1);
    }
}

// Some words of a step of the result; the last of them ends the packet if `last` says so.
template <class Beat, class T, int N>
void write_words(hls::stream<Beat>& output, const T (&memory)[N], int start, int count, bool last) {
WRITE:
    for (int i = 0; i < count; ++i) {
#pragma HLS PIPELINE II=1
        write_beat(output, integer(memory[start + i]), false, last && i == count - 1);
    }
}

// The answer to a packet that was dropped: one beat of zeros, marked in `user`.
template <class Beat>
void refuse(hls::stream<Beat>& output) {
    write_beat(output, 0, true, true);
}

}  // namespace packet

#endif
