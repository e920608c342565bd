package turnpike

// Version is the version of this module, which is that of the gateway it was made for. The server sees it in the user agent.
const Version = "0.1.0"
