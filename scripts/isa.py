"""Reads what a kernel costs on a GPU out of machine code that was compiled without one.

amd(), nvidia() and intel() each return one Kernel for each entry of a program. The hottest loop is, of the innermost
that hold fp32 multiply-adds, the one with the most; a loop is a range closed by a backward branch. Instructions that
only wait are left out: NVIDIA has none, it writes that into the others.
"""
import re
import shutil
import struct
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path


@dataclass
class Kernel:
    name: str
    registers: int
    kind: str  # of registers, with the width of a wave
    spills: int  # as the tool counts them: registers, instructions or bytes
    scratch: int  # bytes of private memory for each work-item
    local: int  # bytes of local memory for each work-group
    occupancy: str  # waves that fit / waves that there is room for
    fma_share: float | None  # of multiply-adds in what the hottest loop does; None where there is no loop with any
    loop: int  # instructions of the hottest loop
    total: int  # instructions of the kernel


@dataclass
class Instruction:
    fma: float = 0  # multiply-adds for each work-item
    targets: tuple = ()  # labels or positions it may branch to


def hottest_loop(code, labels):
    """(share of multiply-adds, length) of the hottest loop. An instruction that holds two multiply-adds counts as two, and
    a part of one that was split as one: what else the loop does is compared with the work, however it is issued."""
    loops = []
    for last, instruction in enumerate(code):
        for target in instruction.targets:
            first = labels.get(target, last)
            if first < last:
                loops.append((sum(i.fma for i in code[first:last + 1]), first, last))
    # An outer loop has the multiply-adds of those inside, but runs less often.
    loops = [loop for loop in loops if loop[0] and not any(
        inner[0] and loop != inner and loop[1] <= inner[1] and inner[2] <= loop[2] for inner in loops)]
    if not loops:
        return None, 0
    _, first, last = max(loops)
    loop = code[first:last + 1]
    work = sum(max(i.fma, 1) for i in loop if i.fma)
    return work / (work + sum(not i.fma for i in loop)), len(loop)


def field(pattern, text, default=0):
    match = re.search(pattern, text)
    return int(match.group(1)) if match else default


# ---- AMD -------------------------------------------------------------------------------------------------------------

AMD_WAIT = re.compile(r"s_(waitcnt\w*|wait_\w+|delay_alu|nop)\b")
AMD_FMA = re.compile(r"v_(pk_|dual_)?(fma|fmac|mac|mad|fmaak|fmamk|madak|madmk)_(legacy_)?f32")


def amd_waves(target):
    """Waves that a SIMD has room for."""
    if target in ("gfx90a", "gfx942"):
        return 8
    return 10 if len(target) == 6 else 16  # gfx8 and gfx9; gfx1030 and later


def amd_code(body):
    code, labels = [], {}
    for line in body.splitlines():
        line = line.split(";")[0].strip()
        label = re.match(r"([.\w]+):", line)
        if label:
            labels[label.group(1)] = len(code)
        elif line and not line.startswith(".") and not AMD_WAIT.match(line):
            # Two operations of a dual issue are joined by "::".
            fmas = [m for m in (AMD_FMA.match(part.strip()) for part in line.split("::")) if m]
            targets = (line.split()[-1],) if re.match(r"s_c?branch", line) else ()
            code.append(Instruction(sum(2 if m.group(1) == "pk_" else 1 for m in fmas), targets))
    return code, labels


def amd(target, assembly):
    """The kernels in what `clang -S` wrote."""
    kernels = []
    metadata = re.split(r"\n  - ", assembly[assembly.index(".amdgpu_metadata"):])
    for name in re.findall(r"^\s*\.amdhsa_kernel\s+(\S+)", assembly, re.M):
        start = assembly.index(f"\n{name}:")
        end = re.compile(r"^\.Lfunc_end\d+:", re.M).search(assembly, start)
        code, labels = amd_code(assembly[start + len(name) + 2:end.start()])
        share, loop = hottest_loop(code, labels)
        about = next(m for m in metadata if re.search(rf"\.symbol:\s+'?{re.escape(name)}\.kd", m))

        def number(key):
            return field(rf"\.{key}:\s+(\d+)", about)

        waves = field(r";\s*Occupancy:\s*(\d+)", assembly[end.end():])
        kernels.append(Kernel(
            name, number("vgpr_count"), f"VGPR w{number('wavefront_size')}",
            number("vgpr_spill_count") + number("sgpr_spill_count"), number("private_segment_fixed_size"),
            number("group_segment_fixed_size"), f"{waves}/{amd_waves(target)}", share, loop, len(code)))
    return kernels


# ---- ELF -------------------------------------------------------------------------------------------------------------

def sections(binary):
    """The sections of a 64-bit ELF file by name."""
    if binary[:4] != b"\x7fELF":
        raise ValueError("not an ELF file")
    (table,) = struct.unpack_from("<Q", binary, 0x28)
    count, names = struct.unpack_from("<HH", binary, 0x3c)
    headers = [struct.unpack_from("<IIQQQQ", binary, table + 64 * i) for i in range(count)]
    result = {}
    for header in headers:
        name = headers[names][4] + header[0]
        result[binary[name:binary.index(b"\0", name)].decode()] = binary[header[4]:header[4] + header[5]]
    return result


# ---- NVIDIA ----------------------------------------------------------------------------------------------------------

# Of a multiprocessor, from NVIDIA's public tables: warps, bytes of shared memory, of them reserved for each work-group.
NVIDIA_LIMITS = {"sm_75": (32, 65536, 0), "sm_80": (64, 167936, 1024), "sm_86": (48, 102400, 1024),
                 "sm_89": (48, 102400, 1024), "sm_90": (64, 233472, 1024), "sm_120": (48, 102400, 1024)}
NVIDIA_REGISTERS = 65536


def nvidia_code(target, binary):
    """Machine code since sm_70 is undocumented. Found by experiment: an instruction has 128 bits, its operation in bits
    0 to 8, the form of its operands in 9 to 11, the relative target of a branch, in words, in 34 to 81, since sm_90
    extended below by bits 16 to 23."""
    code = []
    for i in range(len(binary) // 16):
        word = int.from_bytes(binary[16 * i:16 * i + 16], "little")
        operation, targets = word & 0x1ff, ()
        if operation == 0x147:  # BRA
            offset = word >> 34 & (1 << 48) - 1
            offset -= (offset >> 47) << 48
            if int(target[3:]) >= 90:
                offset = offset << 8 | word >> 16 & 255
            targets = (i + 1 + offset // 4,)
        code.append((word & 0xfff, Instruction(operation == 0x023, targets)))  # FFMA
    while code and code[-1][0] == 0x918:  # NOP that fills the section
        code.pop()
    return [instruction for _, instruction in code], {i: i for i in range(len(code))}


def nvidia_occupancy(target, registers, local, items):
    warps, shared, reserved = NVIDIA_LIMITS[target]
    of_group = -(-items // 32)
    groups = min(NVIDIA_REGISTERS // (-(-registers // 8) * 8 * 32 * of_group), warps // of_group)
    if local + reserved:
        groups = min(groups, shared // (local + reserved))
    return f"{groups * of_group}/{warps}"


def nvidia(target, cubin, log, items):
    """The kernels in a cubin. `log` is what `ptxas -v` printed, items[kernel] the work-items of a work-group."""
    kernels = []
    for section, binary in sections(cubin).items():
        if not section.startswith(".text."):
            continue
        name = section[len(".text."):]
        part = re.search(rf"Compiling entry function '{re.escape(name)}'(.*?)(Compiling entry|\Z)", log, re.S).group(1)
        code, labels = nvidia_code(target, binary)
        share, loop = hottest_loop(code, labels)
        registers, local = field(r"Used (\d+) registers", part), field(r"(\d+) bytes smem", part)
        spills = sum(int(a) + int(b) for a, b in re.findall(r"(\d+) bytes spill stores, (\d+) bytes spill loads", part))
        # A function that the entry calls is reported on its own.
        stack = max(map(int, re.findall(r"(\d+) bytes stack frame", part)), default=0)
        kernels.append(Kernel(name, registers, "regs w32", spills, stack, local,
                              nvidia_occupancy(target, registers, local, items.get(name, 256)), share, loop, len(code)))
    return kernels


# ---- Intel -----------------------------------------------------------------------------------------------------------

# Platform as the disassembler calls it, and of a subslice: hardware threads, bytes of local memory.
INTEL_PLATFORMS = {"skl": ("9", 56, 65536), "icllp": ("11", 56, 65536), "tgllp": ("12p1", 112, 65536),
                   "dg2": ("12p71", 128, 131072), "pvc": ("12p72", 64, 131072)}


def intel_code(target, binary, simd):
    if shutil.which("iga64") is None:
        return [], {}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "kernel.krn")
        file.write_bytes(binary)
        command = ["iga64", "-d", "-p=" + INTEL_PLATFORMS[target][0], file]
        assembly = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    code, labels = [], {}
    for line in assembly.splitlines():
        label = re.match(r"(\w+):", line)
        line = re.sub(r"^\s*(\([^)]*\))?\s*", "", line.split("//")[0])  # without its predicate
        if label:
            labels[label.group(1)] = len(code)
        elif line and not line.startswith("sync.nop"):
            # A wide operation is split into several, which share its work.
            lanes = field(r"\((\d+)\|", line, 1)
            fma = lanes / simd if re.match(r"(mad|mac)m?\b", line) and ":f" in line else 0
            jump = re.match(r"(jmpi|goto|while|brd|brc)\b", line)
            code.append(Instruction(fma, tuple(re.findall(r"\bL\d+\b", line)) if jump else ()))
    return code, labels


def intel_occupancy(target, simd, registers, local, items):
    _, threads, memory = INTEL_PLATFORMS[target]
    if registers == 256:
        threads //= 2
    of_group = -(-items // simd)
    groups = threads // of_group
    if local:
        groups = min(groups, memory // local)
    return f"{groups * of_group}/{threads}"


def intel(target, binary, log):
    """The kernels in a binary with .ze_info. `log` is what ocloc printed."""
    kernels = []
    parts = sections(binary)
    info = parts[".ze_info"].decode(errors="replace").split("\nkernels_misc_info:")[0]
    for block in re.split(r"^  - name:", info, flags=re.M)[1:]:
        name = block.split()[0]
        if ".text." + name not in parts or name.startswith("Intel_Symbol"):
            continue
        simd, registers = field(r"simd_size:\s+(\d+)", block), field(r"grf_count:\s+(\d+)", block)
        local = field(r"slm_size:\s+(\d+)", block)
        size = re.search(r"required_work_group_size:\s+\[ *(\d+), *(\d+), *(\d+)", block)
        items = int(size.group(1)) * int(size.group(2)) * int(size.group(3)) if size else 256
        buffers = block.partition("per_thread_memory_buffers:")[2]
        spills = field(rf"kernel {re.escape(name)}\s+compiled SIMD\d+ allocated \d+ regs and spilled around (\d+)", log)
        code, labels = intel_code(target, parts[".text." + name], simd)
        share, loop = hottest_loop(code, labels)
        kernels.append(Kernel(name, registers, f"GRF w{simd}", spills,
                              sum(map(int, re.findall(r"\n\s+size:\s+(\d+)", buffers))), local,
                              intel_occupancy(target, simd, registers, local, items), share, loop, len(code)))
    return kernels
