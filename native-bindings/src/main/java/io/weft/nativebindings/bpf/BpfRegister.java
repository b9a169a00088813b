package io.weft.nativebindings.bpf;

/**
 * Registers of the BPF machine: R0 result, R1 to R5 arguments (lost at a call), R6 to R9 kept across calls, R10 the frame
 * pointer, read-only, above 512 bytes of stack.
 */
public enum BpfRegister {
    R0,
    R1,
    R2,
    R3,
    R4,
    R5,
    R6,
    R7,
    R8,
    R9,
    R10
}
