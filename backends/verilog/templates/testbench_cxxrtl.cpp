// The test bench (testbench.h) on the model that Yosys makes of a design as C++ (CXXRTL):
//
//   yosys -p "read_verilog *.v; hierarchy -check -top DESIGN; proc; check -assert; write_cxxrtl -g0 design.cc"
//   g++ -std=c++17 -O2 -DNDEBUG -DTOP=p_DESIGN -I `yosys-config --datdir`/include/backends/cxxrtl/runtime \
//       -include design.cc testbench_cxxrtl.cpp
//
// where p_DESIGN is the design's name with each underscore doubled. Registers and memories without
// initial values start at zero.

#include "testbench.h"

namespace {

// CXXRTL counts on the bits above a port to be zero.
template <class Port>
void drive(Port& port, uint64_t value) {
    port.template set<uint64_t>(value & ~uint64_t{0} >> (64 - Port::bits));
}

template <class Port>
uint64_t watch(const Port& port) {
    return port.template get<uint64_t>();
}

class Model {
public:
    explicit Model(uint64_t) {}

    void reset(bool high) { drive(dut_.p_rst, high); }
    void offer(uint64_t data, bool last, bool valid) {
        drive(dut_.p_s__axis__tdata, data);
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
    testbench::Beat beat() const {
        return {watch(dut_.p_m__axis__tdata), watch(dut_.p_m__axis__tlast) != 0,
                watch(dut_.p_m__axis__tuser) != 0};
    }
    void finish() {}

private:
    cxxrtl_design::TOP dut_;
};

}  // namespace

int main(int argc, char** argv) { return testbench::main<Model>(argc, argv); }
