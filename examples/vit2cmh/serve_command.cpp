// vit2cmh serve
#include "command_line.hpp"
#ifdef VIT2CMH_HAS_HTTPLIB
#include "search_page.hpp"
#include "search_service.hpp"

#include <httplib.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <hashweave/io/lines.hpp>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#endif

namespace vit2cmh {
using nlohmann::json;

namespace {

struct ServeArguments {
  std::filesystem::path index, checkpoint;
  DataOptions data;
  int port = 8080;
  bool anyone = false;
};

#ifdef VIT2CMH_HAS_HTTPLIB

constexpr std::size_t most_bytes = std::size_t{10} << 20;  // of a request's body
constexpr int workers = 16;
constexpr Size picture_side = 400;

/// 128 random bits in hexadecimal digits.
std::string random_word() {
  std::random_device draw;
  std::array<char, 33> text{};
  std::snprintf(text.data(), text.size(), "%08x%08x%08x%08x", draw(), draw(), draw(), draw());
  return text.data();
}

void give(httplib::Response& response, int status, const json& answer) {
  response.status = status;
  response.set_content(answer.dump(-1, ' ', false, json::error_handler_t::replace), "application/json");
}
void refuse(httplib::Response& response, int status, const std::string& why) {
  give(response, status, {{"error", why}});
}

/// f(), or what went wrong. What a request may see of a fault of the machine is that there was one.
template <class F>
void answering(httplib::Response& response, F&& f) {
  try {
    f();
  } catch (const NotThere& fault) {
    refuse(response, 404, fault.what());
  } catch (const MachineError& fault) {
    std::fprintf(stderr, "vit2cmh: %s\n", fault.what());
    refuse(response, 500, "the server cannot answer now");
  } catch (const Error& fault) {
    refuse(response, 400, fault.what());
  } catch (const std::exception& fault) {
    std::fprintf(stderr, "vit2cmh: %s\n", fault.what());
    refuse(response, 500, "the server cannot answer now");
  }
}

/// Whether a request was meant for this machine: a page elsewhere can make a browser resolve the page's own name to
/// 127.0.0.1, but cannot make it send another Host.
bool is_loopback(std::string host) {
  if (const auto colon = host.rfind(':'); colon != std::string::npos && host.find(']', colon) == std::string::npos)
    host.erase(colon);
  return host == "localhost" || host == "127.0.0.1" || host == "[::1]";
}

struct Refusal {
  int status = 0;
  std::string_view why;
};
/// What is refused before a byte of a body is read, if anything is.
std::optional<Refusal> refusal(const httplib::Request& request, bool anyone) {
  const auto has = [&](const char* header) { return request.has_header(header); };
  if (!anyone && !is_loopback(request.get_header_value("Host")))
    return Refusal{403, "request: Host: expected this machine (`serve --public` answers others), got another"};
  if (has("Range")) return Refusal{416, "request: Range: expected none, got one"};
  if (request.method == "GET" || request.method == "HEAD") {
    if (has("Transfer-Encoding") || (has("Content-Length") && request.get_header_value("Content-Length") != "0"))
      return Refusal{400, "request: body: expected none, got one"};
    return std::nullopt;
  }
  if (request.method != "POST") return Refusal{405, "request: method: expected GET, HEAD or POST, got another"};
  if (request.path != "/search") return Refusal{404, "request: path: expected /search, got another"};
  // Without encodings, a body is as long as it says, which the limit is compared with.
  if (has("Content-Encoding")) return Refusal{415, "request: Content-Encoding: expected none, got one"};
  if (has("Transfer-Encoding") || !has("Content-Length"))
    return Refusal{411, "request: body: expected a Content-Length, got none"};
  const std::string type = request.get_header_value("Content-Type");
  if (type != "image/jpeg" && type != "image/png" && !type.starts_with("application/json"))
    return Refusal{415, "request: Content-Type: expected application/json, image/jpeg or image/png, got another"};
  return std::nullopt;
}

/// The routes: the page, a picture of an id, a search.
class SearchServer {
 public:
  SearchServer(SearchService& service, std::string title, bool anyone) : service_{service}, title_{std::move(title)} {
    server_.new_task_queue = [] { return new httplib::ThreadPool(workers); };
    server_.set_socket_options([](socket_t socket) {  // by default two servers could share a port
      const int yes = 1;
      setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    });
    server_.set_payload_max_length(most_bytes);
    server_.set_read_timeout(5);
    server_.set_write_timeout(5);
    server_.set_keep_alive_max_count(1);  // what is refused before its body is read must be the connection's last
    server_.set_default_headers({{"X-Content-Type-Options", "nosniff"},
                                 {"Referrer-Policy", "no-referrer"},
                                 {"Cross-Origin-Resource-Policy", "same-origin"}});
    server_.set_pre_routing_handler([this, anyone](const httplib::Request& request, httplib::Response& response) {
      ++requests_;
      if (const auto no = refusal(request, anyone)) {
        refuse(response, no->status, std::string{no->why});
        return httplib::Server::HandlerResponse::Handled;
      }
      if (request.method == "POST") return httplib::Server::HandlerResponse::Unhandled;
      answering(response, [&] { get(request, response); });
      return httplib::Server::HandlerResponse::Handled;
    });
    server_.Post("/search", [this](const httplib::Request& request, httplib::Response& response) {
      answering(response, [&] { search(request, response); });
    });
    server_.set_error_handler([](const httplib::Request&, httplib::Response& response) {
      const bool large = response.status == 413;
      if (response.body.empty())
        refuse(response, response.status,
               large ? "request: body: expected at most 10 MiB, got more" : "request: refused");
    });
  }

  /// Binds -> the port. 0 asks for any that is free.
  int bind(const char* host, int port) {
    const bool bound = port == 0 ? (port = server_.bind_to_any_port(host)) > 0 : server_.bind_to_port(host, port);
    require(bound, "--port", "port", "one that is free and that may be bound", port);
    return port;
  }
  /// Until SIGINT or SIGTERM.
  void run() {
    const StopSignals signals;
    std::atomic<bool> ended{false};
    std::thread watch{[&] {
      while (!ended) {
        if (StopSignals::asked()) server_.stop();  // again if it came before the server listened
        std::this_thread::sleep_for(std::chrono::milliseconds{50});
      }
    }};
    const bool well = server_.listen_after_bind() || StopSignals::asked();
    ended = true;
    watch.join();
    if (!well) throw MachineError{"serve: listening: expected success, got a failure"};
  }
  Size requests() const { return requests_; }

 private:
  void get(const httplib::Request& request, httplib::Response& response) {
    constexpr std::string_view pictures = "/image/";
    if (request.path == "/") {
      const std::string nonce = random_word();
      response.set_header("Content-Security-Policy",
                          "default-src 'none'; img-src 'self' data: blob:; connect-src 'self'; base-uri 'none'; "
                          "form-action 'none'; frame-ancestors 'none'; style-src 'nonce-" +
                              nonce + "'; script-src 'nonce-" + nonce + "'");
      response.set_content(search_page(nonce, title_), "text/html; charset=utf-8");
    } else if (request.path.starts_with(pictures)) {
      const std::string_view number = std::string_view{request.path}.substr(pictures.size());
      const auto id = hashweave::detail::whole_number<std::int64_t>(number);
      if (!id) throw NotThere{"request: path: expected /image/ and an id, got another"};
      const PictureFile picture = service_.picture(*id, picture_side);
      response.set_header("Cache-Control", "private, max-age=600");
      response.set_content(picture.bytes, picture.media_type);
    } else {
      throw NotThere{"request: path: expected /, /image/ID or /search, got another"};
    }
    response.status = 200;
  }
  void search(const httplib::Request& request, httplib::Response& response) {
    if (request.get_header_value("Content-Type").starts_with("application/json"))
      return give(response, 200, service_.answer(request.body));
    const Size k = request.has_param("k") ? SearchService::hits_asked_for(request.get_param_value("k"))
                                          : SearchService::usual_hits;
    give(response, 200, service_.answer_image(as_bytes(request.body), k));
  }

  SearchService& service_;
  std::string title_;
  httplib::Server server_;
  std::atomic<Size> requests_{0};
};

json do_serve(const ServeArguments& o, const Common& common) {
#ifdef __GLIBC__
  mallopt(M_MMAP_THRESHOLD, 1 << 20);  // or it keeps the memory of large requests, once for each thread
#endif
  SearchService service{{o.index, o.checkpoint, o.data, common.threads}};
  std::string title = std::to_string(service.images()) + " pictures and " + std::to_string(service.captions()) +
                      " captions, each a code of " + std::to_string(service.bits()) + " bits";
  SearchServer server{service, title, o.anyone};
  const int port = server.bind(o.anyone ? "0.0.0.0" : "127.0.0.1", o.port);
  std::FILE* const out = common.to_output() ? stderr : stdout;
  std::fprintf(out, "%s\nhttp://127.0.0.1:%d/ (end with Ctrl-C)\n", title.c_str(), port);
  std::fflush(out);
  server.run();
  return {{"port", port},
          {"images", service.images()},
          {"captions", service.captions()},
          {"bits", service.bits()},
          {"requests", server.requests()}};
}

#else

json do_serve(const ServeArguments&, const Common&) {
  fail("serve", "this build", "one with cpp-httplib (Debian: libcpp-httplib-dev), found by pkg-config", "one without");
}

#endif

}  // namespace

void add_serve(CLI::App& app, Common& common, Todo& todo) {
  const auto o = std::make_shared<ServeArguments>();
  CLI::App& c = *app.add_subcommand("serve", "a search page for a browser: text finds images, an image finds captions");
  common.add(c);
  c.add_option("--index", o->index, "index of the data set's images, or their codes as `encode` writes them")
      ->required();
  c.add_option("--checkpoint", o->checkpoint, "run folder or model file")->required();
  o->data.add(c, true, "folder that the data set's image paths start from");
  c.add_option("--port", o->port, "port; 0: any that is free")->check(CLI::Range(0, 65535))->capture_default_str();
  c.add_flag("--public", o->anyone,
             "answer other machines too, not this one alone: there is neither password nor "
             "encryption, put a server that has them in front");
  c.callback([&todo, &common, o] { todo = [&common, o] { return do_serve(*o, common); }; });
}

}  // namespace vit2cmh
