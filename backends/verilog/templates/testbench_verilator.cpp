// The test bench (testbench.h) on the model that Verilator makes of a design:
//
//   verilator --cc --exe --build -O3 --x-initial unique --prefix Vtop --top-module DESIGN *.v testbench_verilator.cpp
//
// Registers and memories start at random values, so a forgotten reset shows.

#include <algorithm>

#include "Vtop.h"
#include "testbench.h"
#include "verilated.h"

namespace {

constexpr size_t kPieces =
    (std::max(sizeof(Vtop::s_axis_tdata), sizeof(Vtop::m_axis_tdata)) + 7) / 8;
using Data = testbench::Data<kPieces>;

// Verilator has integers of up to 64 bits for wires, and arrays of words of 32 bits for more of them.
template <class Wires>
void drive(Wires& wires, const Data& data) {
    wires = static_cast<Wires>(data[0]);
}
template <size_t Words>
void drive(VlWide<Words>& wires, const Data& data) {
    for (size_t i = 0; i < Words; ++i) wires[i] = static_cast<uint32_t>(data[i / 2] >> 32 * (i % 2));
}

template <class Wires>
Data watch(const Wires& wires) {
    return {wires};
}
template <size_t Words>
Data watch(const VlWide<Words>& wires) {
    Data data{};
    for (size_t i = 0; i < Words; ++i) data[i / 2] |= static_cast<uint64_t>(wires[i]) << 32 * (i % 2);
    return data;
}

// A register block, where there is one, is left alone.
template <class Dut>
auto leave_registers(Dut& dut, int) -> decltype(static_cast<void>(dut.s_axi_awvalid)) {
    dut.s_axi_awvalid = dut.s_axi_wvalid = dut.s_axi_arvalid = 0;
    dut.s_axi_bready = dut.s_axi_rready = 0;
}
template <class Dut>
void leave_registers(Dut&, long) {}

class Model {
public:
    static constexpr size_t kPieces = ::kPieces;

    explicit Model(uint64_t seed) : dut_(&seeded(context_, seed)) { leave_registers(dut_, 0); }

    void reset(bool high) { dut_.rst = high; }
    void offer(const Data& data, bool last, bool valid) {
        drive(dut_.s_axis_tdata, data);
        dut_.s_axis_tlast = last;
        dut_.s_axis_tvalid = valid;
    }
    void ready(bool high) { dut_.m_axis_tready = high; }
    void settle() { dut_.eval(); }
    void tick() {
        dut_.clk = 1;
        dut_.eval();
        dut_.clk = 0;
    }
    bool takes() const { return dut_.s_axis_tready; }
    bool gives() const { return dut_.m_axis_tvalid; }
    testbench::Beat<kPieces> beat() const {
        return {watch(dut_.m_axis_tdata), dut_.m_axis_tlast != 0, dut_.m_axis_tuser != 0};
    }
    void finish() { dut_.final(); }

private:
    static VerilatedContext& seeded(VerilatedContext& context, uint64_t seed) {
        context.randReset(2);
        // Seed 0 would make Verilator choose a seed of its own.
        context.randSeed(static_cast<int>(seed % 1000000) + 1);
        return context;
    }

    VerilatedContext context_;
    Vtop dut_;
};

}  // namespace

int main(int argc, char** argv) { return testbench::main<Model>(argc, argv); }
