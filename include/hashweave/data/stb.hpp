#pragma once
// stb_image's decoders of JPEG and PNG as hashweave::stb: private to each source file, so that they can neither clash
// with a program's own stb_image nor be exchanged for it by the linker. A program may include stb_image before or
// after.
#if defined(__SSE2__)
#include <emmintrin.h>
#endif
#include <climits>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <hashweave/data/stb_memory.hpp>

#pragma push_macro("STB_IMAGE_IMPLEMENTATION")
#pragma push_macro("STB_IMAGE_STATIC")
#pragma push_macro("STBI_INCLUDE_STB_IMAGE_H")
#pragma push_macro("STBIDEF")
#pragma push_macro("STBI_ONLY_JPEG")
#pragma push_macro("STBI_ONLY_PNG")
#pragma push_macro("STBI_NO_BMP")
#pragma push_macro("STBI_NO_GIF")
#pragma push_macro("STBI_NO_HDR")
#pragma push_macro("STBI_NO_JPEG")
#pragma push_macro("STBI_NO_LINEAR")
#pragma push_macro("STBI_NO_PIC")
#pragma push_macro("STBI_NO_PNG")
#pragma push_macro("STBI_NO_PNM")
#pragma push_macro("STBI_NO_PSD")
#pragma push_macro("STBI_NO_STDIO")
#pragma push_macro("STBI_NO_TGA")
#pragma push_macro("STBI_NO_ZLIB")
#pragma push_macro("STBI_ASSERT")
#pragma push_macro("STBI_FREE")
#pragma push_macro("STBI_MALLOC")
#pragma push_macro("STBI_MAX_DIMENSIONS")
#pragma push_macro("STBI_REALLOC")
#pragma push_macro("STBI_REALLOC_SIZED")
#pragma push_macro("FAST_BITS")
#pragma push_macro("stbi__err")
#pragma push_macro("stbi__errpf")
#pragma push_macro("stbi__errpuc")
#pragma push_macro("stbi__vertically_flip_on_load")
#pragma push_macro("stbi__unpremultiply_on_load")
#pragma push_macro("stbi__de_iphone_flag")

#undef STB_IMAGE_IMPLEMENTATION
#undef STB_IMAGE_STATIC
#undef STBI_INCLUDE_STB_IMAGE_H
#undef STBIDEF
#undef STBI_ONLY_JPEG
#undef STBI_ONLY_PNG
#undef STBI_NO_BMP
#undef STBI_NO_GIF
#undef STBI_NO_HDR
#undef STBI_NO_JPEG
#undef STBI_NO_LINEAR
#undef STBI_NO_PIC
#undef STBI_NO_PNG
#undef STBI_NO_PNM
#undef STBI_NO_PSD
#undef STBI_NO_STDIO
#undef STBI_NO_TGA
#undef STBI_NO_ZLIB
#undef STBI_ASSERT
#undef STBI_FREE
#undef STBI_MALLOC
#undef STBI_MAX_DIMENSIONS
#undef STBI_REALLOC
#undef STBI_REALLOC_SIZED
#undef FAST_BITS
#undef stbi__err
#undef stbi__errpf
#undef stbi__errpuc
#undef stbi__vertically_flip_on_load
#undef stbi__unpremultiply_on_load
#undef stbi__de_iphone_flag

#define STB_IMAGE_IMPLEMENTATION
#define STB_IMAGE_STATIC
#define STBI_ONLY_JPEG
#define STBI_ONLY_PNG
#define STBI_NO_LINEAR
#define STBI_NO_STDIO
#define STBI_ASSERT ::hashweave::stb::check
#define STBI_MALLOC ::hashweave::stb::take
#define STBI_REALLOC ::hashweave::stb::resize
#define STBI_FREE ::hashweave::stb::give_back
#define STBI_MAX_DIMENSIONS 65535

namespace hashweave::stb {
#include <stb/stb_image.h>
}  // namespace hashweave::stb

#undef STB_IMAGE_IMPLEMENTATION
#undef STB_IMAGE_STATIC
#undef STBI_INCLUDE_STB_IMAGE_H
#undef STBIDEF
#undef STBI_ONLY_JPEG
#undef STBI_ONLY_PNG
#undef STBI_NO_BMP
#undef STBI_NO_GIF
#undef STBI_NO_HDR
#undef STBI_NO_JPEG
#undef STBI_NO_LINEAR
#undef STBI_NO_PIC
#undef STBI_NO_PNG
#undef STBI_NO_PNM
#undef STBI_NO_PSD
#undef STBI_NO_STDIO
#undef STBI_NO_TGA
#undef STBI_NO_ZLIB
#undef STBI_ASSERT
#undef STBI_FREE
#undef STBI_MALLOC
#undef STBI_MAX_DIMENSIONS
#undef STBI_REALLOC
#undef STBI_REALLOC_SIZED
#undef FAST_BITS
#undef stbi__err
#undef stbi__errpf
#undef stbi__errpuc
#undef stbi__vertically_flip_on_load
#undef stbi__unpremultiply_on_load
#undef stbi__de_iphone_flag

#pragma pop_macro("stbi__de_iphone_flag")
#pragma pop_macro("stbi__unpremultiply_on_load")
#pragma pop_macro("stbi__vertically_flip_on_load")
#pragma pop_macro("stbi__errpuc")
#pragma pop_macro("stbi__errpf")
#pragma pop_macro("stbi__err")
#pragma pop_macro("FAST_BITS")
#pragma pop_macro("STBI_REALLOC_SIZED")
#pragma pop_macro("STBI_REALLOC")
#pragma pop_macro("STBI_MAX_DIMENSIONS")
#pragma pop_macro("STBI_MALLOC")
#pragma pop_macro("STBI_FREE")
#pragma pop_macro("STBI_ASSERT")
#pragma pop_macro("STBI_NO_ZLIB")
#pragma pop_macro("STBI_NO_TGA")
#pragma pop_macro("STBI_NO_STDIO")
#pragma pop_macro("STBI_NO_PSD")
#pragma pop_macro("STBI_NO_PNM")
#pragma pop_macro("STBI_NO_PNG")
#pragma pop_macro("STBI_NO_PIC")
#pragma pop_macro("STBI_NO_LINEAR")
#pragma pop_macro("STBI_NO_JPEG")
#pragma pop_macro("STBI_NO_HDR")
#pragma pop_macro("STBI_NO_GIF")
#pragma pop_macro("STBI_NO_BMP")
#pragma pop_macro("STBI_ONLY_PNG")
#pragma pop_macro("STBI_ONLY_JPEG")
#pragma pop_macro("STBIDEF")
#pragma pop_macro("STBI_INCLUDE_STB_IMAGE_H")
#pragma pop_macro("STB_IMAGE_STATIC")
#pragma pop_macro("STB_IMAGE_IMPLEMENTATION")
