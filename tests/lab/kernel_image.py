"""Takes the kernel proper out of a bzImage.

QEMU starts an uncompressed kernel directly (its PVH entry), which halves the boot: unpacking
inside an emulated CPU is slow. Knows one file format and no paths.
"""

import struct


def uncompressed(image: bytes) -> bytes:
    """The ELF kernel of an xz-compressed bzImage; the image itself when that cannot be had."""
    try:
        import lzma  # some home-made Pythons come without it
    except ImportError:
        return image
    if image[0x202:0x206] != b"HdrS":
        return image
    sectors = image[0x1F1]
    offset, length = struct.unpack_from("<II", image, 0x248)
    start = (sectors + 1) * 512 + offset
    try:
        # Followed by a length word that is no part of the xz stream, hence no lzma.decompress.
        kernel = lzma.LZMADecompressor().decompress(image[start : start + length])
    except lzma.LZMAError:
        return image
    return kernel if kernel.startswith(b"\x7fELF") else image
