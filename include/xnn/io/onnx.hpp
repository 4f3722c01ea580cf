// Models as ONNX files, for ONNX Runtime and whatever else reads them, and drawn by Netron. https://onnx.ai
//
// Needs ONNX's C++ library with protobuf: CMake component xnn::onnx.
#pragma once

#include "xnn/io/onnx/export.hpp"
#include "xnn/io/onnx/load.hpp"
