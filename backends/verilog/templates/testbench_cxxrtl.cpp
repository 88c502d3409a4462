// The test bench (testbench.h) on the model that Yosys makes of a design as C++ (CXXRTL):
//
//   yosys -p "read_verilog *.v; hierarchy -check -top DESIGN; proc; check -assert; write_cxxrtl -g0 design.cc"
//   g++ -std=c++17 -O2 -DNDEBUG -DTOP=p_DESIGN -I `yosys-config --datdir`/include/backends/cxxrtl/runtime \
//       -include design.cc testbench_cxxrtl.cpp
//
// where p_DESIGN is the design's name with each underscore doubled. Registers and memories without
// initial values start at zero.

#include <algorithm>

#include "testbench.h"

namespace {

template <class Port>
constexpr size_t pieces(const Port*) {
    return (Port::bits + 63) / 64;
}
using Dut = cxxrtl_design::TOP;
constexpr size_t kPieces = std::max(pieces(static_cast<decltype(Dut::p_s__axis__tdata)*>(nullptr)),
                                    pieces(static_cast<decltype(Dut::p_m__axis__tdata)*>(nullptr)));
using Data = testbench::Data<kPieces>;

// CXXRTL counts on the bits above a port to be zero.
template <class Port>
void drive(Port& port, uint64_t value) {
    port.template set<uint64_t>(value & ~uint64_t{0} >> (64 - Port::bits));
}

template <class Port>
uint64_t watch(const Port& port) {
    return port.template get<uint64_t>();
}

// CXXRTL has words of 32 bits.
template <size_t Bits>
void drive_data(cxxrtl::value<Bits>& port, const Data& data) {
    for (size_t i = 0; i < port.chunks; ++i)
        port.data[i] = static_cast<uint32_t>(data[i / 2] >> 32 * (i % 2));
    if (Bits % 32) port.data[port.chunks - 1] &= ~uint32_t{0} >> (32 - Bits % 32) % 32;
}

template <size_t Bits>
Data watch_data(const cxxrtl::value<Bits>& port) {
    Data data{};
    for (size_t i = 0; i < port.chunks; ++i)
        data[i / 2] |= static_cast<uint64_t>(port.data[i]) << 32 * (i % 2);
    return data;
}
template <size_t Bits>
Data watch_data(const cxxrtl::wire<Bits>& port) {
    return watch_data(port.curr);
}

class Model {
public:
    static constexpr size_t kPieces = ::kPieces;

    explicit Model(uint64_t) {}

    void reset(bool high) { drive(dut_.p_rst, high); }
    void offer(const Data& data, bool last, bool valid) {
        drive_data(dut_.p_s__axis__tdata, data);
        drive(dut_.p_s__axis__tlast, last);
        drive(dut_.p_s__axis__tvalid, valid);
    }
    void ready(bool high) { drive(dut_.p_m__axis__tready, high); }
    void settle() { dut_.step(); }
    void tick() {
        drive(dut_.p_clk, 1);
        dut_.step();
        drive(dut_.p_clk, 0);
    }
    bool takes() const { return watch(dut_.p_s__axis__tready); }
    bool gives() const { return watch(dut_.p_m__axis__tvalid); }
    testbench::Beat<kPieces> beat() const {
        return {watch_data(dut_.p_m__axis__tdata), watch(dut_.p_m__axis__tlast) != 0,
                watch(dut_.p_m__axis__tuser) != 0};
    }
    void finish() {}

private:
    Dut dut_;
};

}  // namespace

int main(int argc, char** argv) { return testbench::main<Model>(argc, argv); }
