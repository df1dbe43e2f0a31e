#include "textflag.h"

// func markAVX2(b *byte, marks *mark, blocks int)
//
// For each block of 64 bytes: which bytes are a quote, a backslash or a control character, and
// which are not ASCII.
TEXT ·markAVX2(SB), NOSPLIT, $0-24
	MOVQ b+0(FP), SI
	MOVQ marks+8(FP), DI
	MOVQ blocks+16(FP), CX
	MOVQ $0x2222222222222222, AX // "
	MOVQ AX, X10
	VPBROADCASTQ X10, Y10
	MOVQ $0x5c5c5c5c5c5c5c5c, AX // \
	MOVQ AX, X11
	VPBROADCASTQ X11, Y11
	MOVQ $0x1f1f1f1f1f1f1f1f, AX // the last control character
	MOVQ AX, X12
	VPBROADCASTQ X12, Y12
	TESTQ CX, CX
	JZ done

block:
	VMOVDQU (SI), Y0
	VMOVDQU 32(SI), Y1
	VPCMPEQB Y0, Y10, Y2
	VPCMPEQB Y1, Y10, Y3
	VPCMPEQB Y0, Y11, Y4
	VPCMPEQB Y1, Y11, Y5
	VPMINUB Y0, Y12, Y6
	VPMINUB Y1, Y12, Y7
	VPCMPEQB Y0, Y6, Y6
	VPCMPEQB Y1, Y7, Y7
	VPOR Y2, Y4, Y2
	VPOR Y3, Y5, Y3
	VPOR Y2, Y6, Y2
	VPOR Y3, Y7, Y3
	VPMOVMSKB Y2, AX
	VPMOVMSKB Y3, BX
	SHLQ $32, BX
	ORQ BX, AX
	MOVQ AX, (DI)
	VPMOVMSKB Y0, AX
	VPMOVMSKB Y1, BX
	SHLQ $32, BX
	ORQ BX, AX
	MOVQ AX, 8(DI)
	ADDQ $64, SI
	ADDQ $16, DI
	DECQ CX
	JNZ block

done:
	VZEROUPPER
	RET
