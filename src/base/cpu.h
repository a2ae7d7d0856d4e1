// Which instruction sets this machine has, and how much memory.
#pragma once

#include <cstdint>
#include <string>

namespace frugal {

/// The kernels that a run uses. Results are promised bit for bit within one Isa.
enum class Isa {
  reference,  // plain C++, the definition of right
  avx2,       // AVX2 with FMA and F16C
  avx512,     // AVX-512 F, BW, VL, DQ with VNNI
  amx,        // the same, and AMX tiles for products of bfloat16 (with AVX512_BF16)
};

const char* isa_name(Isa isa);

/// The best instruction set that this machine has.
Isa best_isa();

/// The best one, or the one named by the environment variable FRUGAL_ISA (reference, avx2, avx512,
/// amx).
/// Throws Error when the name is unknown or the machine lacks it.
Isa chosen_isa();

/// Cores that this process may use (its affinity and, where set, its control group's quota).
int usable_cores();

/// Bytes of memory that could be allocated now without swapping.
std::uint64_t available_memory();

}  // namespace frugal
