// AXI4-Streams: hls::stream and its beats.
//
// The vendor's tool brings its own; the Tcl script asks for them with VENDOR_STREAMS. Everywhere else
// these stand in for them: endless queues, with the same values in the same order.

#ifndef STREAM_H
#define STREAM_H

#include <ap_int.h>

#if defined(__SYNTHESIS__) || defined(VENDOR_STREAMS)

#include <ap_axi_sdata.h>
#include <hls_stream.h>

template <int Width>
using InputBeat = ap_axiu<Width, 0, 0, 0>;
template <int Width>
using OutputBeat = ap_axiu<Width, 1, 0, 0>;

#else

#include <cstdlib>
#include <iostream>
#include <queue>

// Of ap_axiu, what a stream between two partners needs.
template <int Width>
struct Beat {
    ap_uint<Width> data;
    ap_uint<Width / 8> keep, strb;
    ap_uint<1> user, last;
};
template <int Width>
using InputBeat = Beat<Width>;
template <int Width>
using OutputBeat = Beat<Width>;

namespace hls {

template <class T>
class stream {
public:
    bool empty() const { return values_.empty(); }
    void write(const T& value) { values_.push(value); }
    T read() {
        // The vendor's stream would wait forever.
        if (values_.empty()) {
            std::cerr << "a stream was read that holds nothing\n";
            std::exit(2);
        }
        const T value = values_.front();
        values_.pop();
        return value;
    }

private:
    std::queue<T> values_;
};

}  // namespace hls

#endif
#endif
