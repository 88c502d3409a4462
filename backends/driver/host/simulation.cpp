// Simulates a design for the driver: commands come in lines, and so do answers.
//
//   P HEX...      a packet, a beat of any width each; it waits until the design takes it
//   A             the next answer: USER HEX...
//   R ADDRESS     read a register: RESPONSE HEX
//   W ADDRESS HEX write a register: RESPONSE
//   C             clock cycles so far
//
// An answer that begins with ! says what went wrong. The clock only runs while something is waited for.

#include <cstdint>
#include <deque>
#include <iomanip>
#include <iostream>
#include <sstream>
#include <string>
#include <type_traits>
#include <vector>

#include "Vtop.h"
#include "verilated.h"

namespace {

constexpr uint64_t kPatience = 1000000;  // cycles in which nothing moves
constexpr int kResetCycles = 4;

template <class Dut>
constexpr bool has_registers = requires(Dut& dut) { dut.s_axi_awvalid; };

// What is on a beat's wires, in pieces of 32 bits, the low one first.
using Data = std::vector<uint32_t>;

Data from_hex(const std::string& digits) {
    Data data((digits.size() + 7) / 8);
    for (size_t i = 0; i < digits.size(); ++i) {
        const uint32_t digit = std::stoul(digits.substr(digits.size() - 1 - i, 1), nullptr, 16);
        data[i / 8] |= digit << 4 * (i % 8);
    }
    return data;
}

// Verilator has integers of up to 64 bits for wires, and arrays for more of them.
template <class Wires>
void drive(Wires& wires, const Data& data) {
    const auto piece = [&](size_t i) { return i < data.size() ? data[i] : 0; };
    if constexpr (std::is_integral_v<Wires>)
        wires = static_cast<Wires>(piece(0) | uint64_t{piece(1)} << 32);
    else
        for (size_t i = 0; i < sizeof(Wires) / sizeof(wires[0]); ++i) wires[i] = piece(i);
}

template <class Wires>
std::string to_hex(const Wires& wires) {
    std::ostringstream text;
    text << std::hex << std::setfill('0');
    if constexpr (std::is_integral_v<Wires>)
        text << uint64_t{wires};
    else
        for (size_t i = sizeof(Wires) / sizeof(wires[0]); i-- > 0;) text << std::setw(8) << wires[i];
    return text.str();
}

struct Answer {
    bool user = false;
    std::vector<std::string> beats;
};

template <class Dut>
class Simulator {
public:
    Simulator() { reset(); }

    void packet(std::istream& words) {
        std::vector<Data> beats;
        for (std::string digits; words >> digits;) beats.push_back(from_hex(digits));
        for (size_t i = 0; i < beats.size(); ++i) beats_.push_back({beats[i], i + 1 == beats.size()});
    }

    void answer() {
        while (answers_.empty())
            if (!step()) return;
        std::cout << answers_.front().user;
        for (const std::string& beat : answers_.front().beats) std::cout << ' ' << beat;
        std::cout << '\n';
        answers_.pop_front();
    }

    void read(uint64_t address) {
        if constexpr (has_registers<Dut>) {
            dut_.s_axi_araddr = address;
            dut_.s_axi_arvalid = 1;
            dut_.s_axi_rready = 1;
            for (bool done = false; !done;) {
                dut_.eval();
                const bool taken = dut_.s_axi_arready;
                done = dut_.s_axi_rvalid;
                const uint64_t response = dut_.s_axi_rresp, word = dut_.s_axi_rdata;
                if (!step()) return;
                if (taken) dut_.s_axi_arvalid = 0;
                if (done) std::cout << response << ' ' << std::hex << word << std::dec << '\n';
            }
            dut_.s_axi_rready = 0;
        } else {
            fail("the design has no registers");
        }
    }

    void write(uint64_t address, uint64_t word) {
        if constexpr (has_registers<Dut>) {
            dut_.s_axi_awaddr = address;
            dut_.s_axi_wdata = word;
            dut_.s_axi_wstrb = 15;
            dut_.s_axi_awvalid = dut_.s_axi_wvalid = dut_.s_axi_bready = 1;
            for (bool done = false; !done;) {
                dut_.eval();
                const bool address_taken = dut_.s_axi_awready, word_taken = dut_.s_axi_wready;
                done = dut_.s_axi_bvalid;
                const uint64_t response = dut_.s_axi_bresp;
                if (!step()) return;
                if (address_taken) dut_.s_axi_awvalid = 0;
                if (word_taken) dut_.s_axi_wvalid = 0;
                if (done) std::cout << response << '\n';
            }
            dut_.s_axi_bready = 0;
        } else {
            fail("the design has no registers");
        }
    }

    void tell_cycles() { std::cout << cycles_ << '\n'; }

    ~Simulator() { dut_.final(); }

private:
    struct Beat {
        Data data;
        bool last;
    };

    // Whatever is under way is lost.
    void reset() {
        beats_.clear();
        answers_.clear();
        current_ = {};
        still_ = 0;
        idle();
        dut_.rst = 1;
        for (int i = 0; i < kResetCycles; ++i) {
            dut_.eval();
            edge();
        }
        dut_.rst = 0;
    }

    static void fail(const char* reason) { std::cout << "! " << reason << '\n'; }

    void idle() {
        dut_.clk = 0;
        drive(dut_.s_axis_tdata, {});
        dut_.s_axis_tlast = dut_.s_axis_tvalid = 0;
        dut_.m_axis_tready = 1;
        if constexpr (has_registers<Dut>) {
            dut_.s_axi_awaddr = dut_.s_axi_araddr = dut_.s_axi_wdata = dut_.s_axi_wstrb = 0;
            dut_.s_axi_awvalid = dut_.s_axi_wvalid = dut_.s_axi_bready = 0;
            dut_.s_axi_arvalid = dut_.s_axi_rready = 0;
        }
    }

    void edge() {
        dut_.clk = 1;
        dut_.eval();
        dut_.clk = 0;
        ++cycles_;
    }

    // One cycle of both streams. False, after telling so, where nothing moves any more.
    bool step() {
        const bool offered = !beats_.empty();
        dut_.s_axis_tvalid = offered;
        drive(dut_.s_axis_tdata, offered ? beats_.front().data : Data{});
        dut_.s_axis_tlast = offered && beats_.front().last;
        dut_.eval();
        const bool takes = offered && dut_.s_axis_tready;
        const bool gives = dut_.m_axis_tvalid;
        if (gives) {
            current_.beats.push_back(to_hex(dut_.m_axis_tdata));
            current_.user = current_.user || dut_.m_axis_tuser;
            if (dut_.m_axis_tlast) {
                answers_.push_back(current_);
                current_ = {};
            }
        }
        edge();
        if (takes) beats_.pop_front();
        still_ = takes || gives ? 0 : still_ + 1;
        if (still_ < kPatience) return true;
        reset();
        fail("the design does not answer, and was reset");
        return false;
    }

    Dut dut_;
    std::deque<Beat> beats_;
    std::deque<Answer> answers_;
    Answer current_;
    uint64_t cycles_ = 0, still_ = 0;
};

}  // namespace

int main() {
    Simulator<Vtop> simulator;
    std::string line;
    while (std::getline(std::cin, line)) {
        std::istringstream words(line);
        char command = 0;
        uint64_t address = 0, word = 0;
        words >> command;
        if (command == 'P') simulator.packet(words);
        if (command == 'A') simulator.answer();
        if (command == 'C') simulator.tell_cycles();
        if (command == 'R' && words >> std::hex >> address) simulator.read(address);
        if (command == 'W' && words >> std::hex >> address >> word) simulator.write(address, word);
        std::cout.flush();
    }
}
