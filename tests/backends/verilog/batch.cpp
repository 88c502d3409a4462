// Drives the two buses of a batch of designs: one line of words in and one out for each cycle.

#include <cstdint>
#include <cstdio>
#include <fstream>
#include <sstream>
#include <string>

#include "Vtop.h"
#include "verilated.h"

int main(int, char** argv) {
    VerilatedContext context;
    context.randReset(0);
    Vtop dut(&context);
    std::ifstream stimuli(argv[1]);
    std::string line;
    while (std::getline(stimuli, line)) {
        std::istringstream words(line);
        uint32_t word;
        for (size_t i = 0; words >> std::hex >> word; ++i) dut.stimulus[i] = word;
        dut.clk = 0;
        dut.eval();
        for (size_t i = 0; i < sizeof dut.response / 4; ++i) std::printf("%x ", static_cast<uint32_t>(dut.response[i]));
        std::puts("");
        dut.clk = 1;
        dut.eval();
    }
    dut.final();
}
