// Drives the ports of a batch of designs: for each cycle, one line of words in and one out.
// ports.h names them: STIMULI and RESPONSES apply a macro to each port and its number of words.
// CXXRTL's model is given as TOP; else it is Verilator's.

#include <cstdint>
#include <cstdio>
#include <fstream>
#include <sstream>
#include <string>

#include "ports.h"

#ifdef TOP

#define PORT(name) dut.p_##name

template <size_t Bits>
void set(cxxrtl::value<Bits>& port, size_t index, uint32_t word) { port.data[index] = word; }
template <size_t Bits>
uint32_t get(const cxxrtl::value<Bits>& port, size_t index) { return port.data[index]; }
template <size_t Bits>
uint32_t get(const cxxrtl::wire<Bits>& port, size_t index) { return port.curr.data[index]; }

struct Model {
    cxxrtl_design::TOP dut;
    void clock(bool high) {
        dut.p_clk.set<bool>(high);
        dut.step();
    }
};

#else

#include "Vtop.h"
#include "verilated.h"

#define PORT(name) dut.name

void set(uint32_t& port, size_t, uint32_t word) { port = word; }
void set(uint64_t& port, size_t index, uint32_t word) {
    port = (port & ~(uint64_t{0xffffffff} << 32 * index)) | uint64_t{word} << 32 * index;
}
template <size_t Words>
void set(VlWide<Words>& port, size_t index, uint32_t word) { port[index] = word; }
uint32_t get(uint64_t port, size_t index) { return static_cast<uint32_t>(port >> 32 * index); }
template <size_t Words>
uint32_t get(const VlWide<Words>& port, size_t index) { return port[index]; }

struct Model {
    VerilatedContext context;
    Vtop dut{(context.randReset(0), &context)};
    void clock(bool high) {
        dut.clk = high;
        dut.eval();
    }
    ~Model() { dut.final(); }
};

#endif

#define READ(name, words) \
    for (size_t i = 0; i < words && line >> word; ++i) set(model.PORT(name), i, word);
#define WRITE(name, words) \
    for (size_t i = 0; i < words; ++i) std::printf("%x ", get(model.PORT(name), i));

int main(int, char** argv) {
    static Model model;
    std::ifstream stimuli(argv[1]);
    std::string text;
    while (std::getline(stimuli, text)) {
        std::istringstream line(text);
        line >> std::hex;
        uint32_t word;
        STIMULI(READ)
        model.clock(false);
        RESPONSES(WRITE)
        std::puts("");
        model.clock(true);
    }
}
