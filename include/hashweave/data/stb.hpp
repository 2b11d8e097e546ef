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

// They are extern "C": without names of our own an unoptimised g++ gives both copies of one source file the same
// symbol.
#define stbi__unpremultiply_on_load_thread hashweave_stbi__unpremultiply_on_load_thread
#define stbi_convert_iphone_png_to_rgb hashweave_stbi_convert_iphone_png_to_rgb
#define stbi_convert_iphone_png_to_rgb_thread hashweave_stbi_convert_iphone_png_to_rgb_thread
#define stbi_convert_wchar_to_utf8 hashweave_stbi_convert_wchar_to_utf8
#define stbi_failure_reason hashweave_stbi_failure_reason
#define stbi_hdr_to_ldr_gamma hashweave_stbi_hdr_to_ldr_gamma
#define stbi_hdr_to_ldr_scale hashweave_stbi_hdr_to_ldr_scale
#define stbi_image_free hashweave_stbi_image_free
#define stbi_info hashweave_stbi_info
#define stbi_info_from_callbacks hashweave_stbi_info_from_callbacks
#define stbi_info_from_file hashweave_stbi_info_from_file
#define stbi_info_from_memory hashweave_stbi_info_from_memory
#define stbi_is_16_bit hashweave_stbi_is_16_bit
#define stbi_is_16_bit_from_callbacks hashweave_stbi_is_16_bit_from_callbacks
#define stbi_is_16_bit_from_file hashweave_stbi_is_16_bit_from_file
#define stbi_is_16_bit_from_memory hashweave_stbi_is_16_bit_from_memory
#define stbi_is_hdr hashweave_stbi_is_hdr
#define stbi_is_hdr_from_callbacks hashweave_stbi_is_hdr_from_callbacks
#define stbi_is_hdr_from_file hashweave_stbi_is_hdr_from_file
#define stbi_is_hdr_from_memory hashweave_stbi_is_hdr_from_memory
#define stbi_ldr_to_hdr_gamma hashweave_stbi_ldr_to_hdr_gamma
#define stbi_ldr_to_hdr_scale hashweave_stbi_ldr_to_hdr_scale
#define stbi_load hashweave_stbi_load
#define stbi_load_16 hashweave_stbi_load_16
#define stbi_load_16_from_callbacks hashweave_stbi_load_16_from_callbacks
#define stbi_load_16_from_memory hashweave_stbi_load_16_from_memory
#define stbi_load_from_callbacks hashweave_stbi_load_from_callbacks
#define stbi_load_from_file hashweave_stbi_load_from_file
#define stbi_load_from_file_16 hashweave_stbi_load_from_file_16
#define stbi_load_from_memory hashweave_stbi_load_from_memory
#define stbi_load_gif_from_memory hashweave_stbi_load_gif_from_memory
#define stbi_loadf hashweave_stbi_loadf
#define stbi_loadf_from_callbacks hashweave_stbi_loadf_from_callbacks
#define stbi_loadf_from_file hashweave_stbi_loadf_from_file
#define stbi_loadf_from_memory hashweave_stbi_loadf_from_memory
#define stbi_set_flip_vertically_on_load hashweave_stbi_set_flip_vertically_on_load
#define stbi_set_flip_vertically_on_load_thread hashweave_stbi_set_flip_vertically_on_load_thread
#define stbi_set_unpremultiply_on_load hashweave_stbi_set_unpremultiply_on_load
#define stbi_set_unpremultiply_on_load_thread hashweave_stbi_set_unpremultiply_on_load_thread
#define stbi_zlib_decode_buffer hashweave_stbi_zlib_decode_buffer
#define stbi_zlib_decode_malloc hashweave_stbi_zlib_decode_malloc
#define stbi_zlib_decode_malloc_guesssize hashweave_stbi_zlib_decode_malloc_guesssize
#define stbi_zlib_decode_malloc_guesssize_headerflag hashweave_stbi_zlib_decode_malloc_guesssize_headerflag
#define stbi_zlib_decode_noheader_buffer hashweave_stbi_zlib_decode_noheader_buffer
#define stbi_zlib_decode_noheader_malloc hashweave_stbi_zlib_decode_noheader_malloc

namespace hashweave::stb {
#include <stb/stb_image.h>
}  // namespace hashweave::stb

#undef stbi__unpremultiply_on_load_thread
#undef stbi_convert_iphone_png_to_rgb
#undef stbi_convert_iphone_png_to_rgb_thread
#undef stbi_convert_wchar_to_utf8
#undef stbi_failure_reason
#undef stbi_hdr_to_ldr_gamma
#undef stbi_hdr_to_ldr_scale
#undef stbi_image_free
#undef stbi_info
#undef stbi_info_from_callbacks
#undef stbi_info_from_file
#undef stbi_info_from_memory
#undef stbi_is_16_bit
#undef stbi_is_16_bit_from_callbacks
#undef stbi_is_16_bit_from_file
#undef stbi_is_16_bit_from_memory
#undef stbi_is_hdr
#undef stbi_is_hdr_from_callbacks
#undef stbi_is_hdr_from_file
#undef stbi_is_hdr_from_memory
#undef stbi_ldr_to_hdr_gamma
#undef stbi_ldr_to_hdr_scale
#undef stbi_load
#undef stbi_load_16
#undef stbi_load_16_from_callbacks
#undef stbi_load_16_from_memory
#undef stbi_load_from_callbacks
#undef stbi_load_from_file
#undef stbi_load_from_file_16
#undef stbi_load_from_memory
#undef stbi_load_gif_from_memory
#undef stbi_loadf
#undef stbi_loadf_from_callbacks
#undef stbi_loadf_from_file
#undef stbi_loadf_from_memory
#undef stbi_set_flip_vertically_on_load
#undef stbi_set_flip_vertically_on_load_thread
#undef stbi_set_unpremultiply_on_load
#undef stbi_set_unpremultiply_on_load_thread
#undef stbi_zlib_decode_buffer
#undef stbi_zlib_decode_malloc
#undef stbi_zlib_decode_malloc_guesssize
#undef stbi_zlib_decode_malloc_guesssize_headerflag
#undef stbi_zlib_decode_noheader_buffer
#undef stbi_zlib_decode_noheader_malloc

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
