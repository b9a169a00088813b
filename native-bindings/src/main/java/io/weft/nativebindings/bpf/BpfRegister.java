package io.weft.nativebindings.bpf;

/**
 * Registers of the BPF machine: R0 holds the result, R1 to R5 the arguments (lost at a call), R6 to R9 are kept across calls, and R10 is
 * the read-only frame pointer to 512 bytes of stack below it.
 */
public enum BpfRegister {
    R0(0),
    R1(1),
    R2(2),
    R3(3),
    R4(4),
    R5(5),
    R6(6),
    R7(7),
    R8(8),
    R9(9),
    R10(10);

    private final int number;

    BpfRegister(int number) {
        this.number = number;
    }

    int number() {
        return number;
    }
}
