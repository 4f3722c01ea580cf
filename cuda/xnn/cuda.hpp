// The Cuda device: the same models and expressions on a GPU, or its kernels on the host (CudaHost).
//
// Compiled by nvcc it computes on the GPU, with cuBLAS: link the target xnn::cuda. A plain C++ compiler sees CudaHost: link
// xnn::cuda_host, which finds the headers of Thrust.
#pragma once

#include "xnn/cuda/attention.hpp"
#include "xnn/cuda/batch_norm.hpp"
#include "xnn/cuda/channel_mean.hpp"
#include "xnn/cuda/column_sums.hpp"
#include "xnn/cuda/conv.hpp"
#include "xnn/cuda/cross_entropy.hpp"
#include "xnn/cuda/embedding_bag.hpp"
#include "xnn/cuda/gather.hpp"
#include "xnn/cuda/gemm.hpp"
#include "xnn/cuda/indices.hpp"
#include "xnn/cuda/instance_norm.hpp"
#include "xnn/cuda/key_value_cache.hpp"
#include "xnn/cuda/layer_norm.hpp"
#include "xnn/cuda/memory.hpp"
#include "xnn/cuda/nll_loss.hpp"
#include "xnn/cuda/optimizer.hpp"
#include "xnn/cuda/pad.hpp"
#include "xnn/cuda/patches.hpp"
#include "xnn/cuda/permute.hpp"
#include "xnn/cuda/place.hpp"
#include "xnn/cuda/pool.hpp"
#include "xnn/cuda/random.hpp"
#include "xnn/cuda/reduce.hpp"
#include "xnn/cuda/rms_norm.hpp"
#include "xnn/cuda/rnn.hpp"
#include "xnn/cuda/softmax.hpp"
#include "xnn/cuda/take.hpp"
#include "xnn/cuda/widen.hpp"
